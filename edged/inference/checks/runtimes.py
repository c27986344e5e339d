"""Check of an interpreter's TFLite runtimes: what is installed, what is wrong with it, and whether libedgetpu fits."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edged.inference.checks.library import Library, ask
from edged.runtime.finding import Finding, Level

CPU_ORDER = ("ai-edge-litert", "tflite-runtime")
"""As edged itself looks for a runtime."""
HOST_ORDER = ("tflite-runtime", "ai-edge-litert")
"""As the Edge TPU host looks for one; pycoral is a layer on tflite-runtime."""
KNOWN_GOOD = {(2, 17): "the community's builds", (2, 5): "Coral's own builds"}
"""TensorFlow Lite versions whose libedgetpu and tflite-runtime are known to work together."""
LITERT_FROM = (3, 10)
"""The first Python that ai-edge-litert is made for."""
MISFIT_FROM = (2, 12)
"""From this tflite-runtime on, Coral's own libedgetpu crashes it (google-coral/edgetpu #812)."""


@dataclass(frozen=True, slots=True)
class Packages:
    """What an interpreter has."""

    interpreter: str
    """Its path."""
    python: str
    """Its version."""
    versions: dict[str, str]
    """Of those packages that are installed."""
    google_pycoral: bool
    """Whether the package pycoral, if any, is Google's."""

    def runtime(self, order: tuple[str, ...]) -> str | None:
        """The first of ``order`` that is installed."""
        return next((name for name in order if name in self.versions), None)


def read_packages(python: Path | None) -> Packages | str:
    """What the interpreter ``python`` (None: ours) has, or why it does not say."""
    reply = ask(python, "packages")
    return reply.failure if reply.answer is None else Packages(str(python or sys.executable), **reply.answer)


def check_packages(packages: Packages | str, about: str, order: tuple[str, ...]) -> Iterator[Finding]:
    """The runtimes of the interpreter ``about``, which takes the first of ``order`` that it has."""
    if isinstance(packages, str):
        yield Finding(Level.FAULT, about, packages, "accelerator.edgetpu.python must name a Python 3.9 or later")
        return
    listed = ", ".join(f"{name} {version}" for name, version in packages.versions.items())
    where = f"{packages.python} ({packages.interpreter})"
    if packages.runtime(order):
        yield Finding(Level.OK, about, f"{where}: {listed}")
    else:
        runtime = "ai-edge-litert" if _minor(packages.python) >= LITERT_FROM else "tflite-runtime 'numpy<2'"
        remedy = f"{packages.interpreter} -m pip install {runtime}"
        yield Finding(Level.FAULT, about, f"{where}: no TFLite runtime is installed", remedy)
    yield from _wrong_packages(packages, about, order)


def check_fit(library: Library, packages: Packages) -> Finding:
    """Whether the host's runtime and libedgetpu were made for one another: where not, the process crashes."""
    runtime = packages.runtime(HOST_ORDER) or "no runtime"
    version = packages.versions.get(runtime, "")
    pair = f"libedgetpu {library.package_version or 'of unknown version'} with {runtime} {version}".strip()
    built_for = library.tensorflow and _minor(library.tensorflow)
    if runtime == "tflite-runtime" and built_for in KNOWN_GOOD and built_for == _minor(version):
        return Finding(Level.OK, "fit", f"{pair}: known to work together ({KNOWN_GOOD[built_for]})")
    if runtime == "tflite-runtime" and built_for == (2, 5) and _minor(version) >= MISFIT_FROM:
        remedy = "install a libedgetpu built for it, from https://github.com/feranick/libedgetpu/releases"
        return Finding(Level.FAULT, "fit", f"{pair}: crashes, they were built for different TensorFlow Lites", remedy)
    return Finding(Level.WARNING, "fit", f"{pair}: untested together", "edged models bench NAME   # tries it")


def _wrong_packages(packages: Packages, about: str, order: tuple[str, ...]) -> Iterator[Finding]:
    """What is installed and should not be, or not together."""
    pip, versions = f"{packages.interpreter} -m pip", packages.versions
    if "pycoral" in versions and not packages.google_pycoral:
        found = f"pycoral {versions['pycoral']} is not Google's, but a tool for the Allen Coral Atlas (of reefs)"
        yield Finding(Level.WARNING, about, found, f"{pip} uninstall pycoral")
    old = "tflite-runtime" in versions and _minor(versions["tflite-runtime"]) <= (2, 14)
    if not old:
        return
    level = Level.FAULT if packages.runtime(order) == "tflite-runtime" else Level.WARNING
    if "numpy" in versions and _minor(versions["numpy"]) >= (2, 0):
        found = f"tflite-runtime {versions['tflite-runtime']} needs numpy 1, here is {versions['numpy']}: SystemError"
        yield Finding(level, about, found, f"{pip} install 'numpy<2'")
    if _minor(packages.python) > (3, 11):
        found = f"tflite-runtime {versions['tflite-runtime']} was made for Python 3.11 at most"
        yield Finding(level, about, found, f"{pip} install ai-edge-litert && {pip} uninstall tflite-runtime")


def _minor(version: str) -> tuple[Any, ...]:
    """``2.5.0.post1`` -> (2, 5)."""
    return tuple(int(part) for part in re.findall("[0-9]+", version)[:2])
