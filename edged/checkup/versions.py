"""Check of the programs that edged is made of: what is here, and whether all that it needs is."""

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from edged import __version__
from edged.checkup.box import Box
from edged.runtime.finding import Finding, Level

TOLD = ("ai-edge-litert", "tflite-runtime", "opencv-python-headless", "paho-mqtt", "pydantic", "numpy", "sounddevice")
"""Packages whose versions a maintainer asks for first."""
DESKTOP = ("opencv-python", "opencv-contrib-python")
"""Hold the same files as opencv-python-headless: whichever was installed last counts."""


def check(box: Box) -> Iterator[Finding]:
    """Versions, and packages that are missing or in the way."""
    yield Finding(Level.OK, "edged", f"{__version__}, Python {platform.python_version()}")
    yield Finding(Level.OK, "system", system(box))
    here = {name: number for name in TOLD if (number := installed(name))}
    yield Finding(Level.OK, "packages", ", ".join(f"{name} {number}" for name, number in here.items()))
    if missing := [name for name in needed() if installed(name) is None]:
        yield Finding(Level.FAULT, "packages", f"missing: {', '.join(missing)}", "install edged again")
    if installed("opencv-python-headless") and (others := [name for name in DESKTOP if installed(name)]):
        found = f"{', '.join(others)} beside opencv-python-headless: they overwrite one another"
        remedy = f"pip uninstall {' '.join(others)} && pip install --force-reinstall opencv-python-headless"
        yield Finding(Level.WARNING, "packages", found, remedy)


def system(box: Box) -> str:
    """Machine, operating system and kernel."""
    model = _first(box, "proc/device-tree/model", r"[^\0]+") or platform.machine()
    name = _first(box, "etc/os-release", r'(?m)(?<=^PRETTY_NAME=")[^"]+') or platform.system()
    return f"{model}, {name}, Linux {platform.release()}"


def installed(name: str) -> str | None:
    """The version of a package; None where it is not here."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def needed() -> list[str]:
    """The packages that edged cannot do without; none where it runs from a tree that was not installed."""
    try:
        required = requires("edged") or []
    except PackageNotFoundError:
        return []
    return [re.split(r"[^A-Za-z0-9._-]", one)[0] for one in required if "extra ==" not in one]


def _first(box: Box, path: str, pattern: str) -> str:
    try:
        found = re.search(pattern, (box.root / path).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return found[0].strip() if found else ""
