"""libedgetpu as it is installed: whether it loads, its version, whether it opens a device. Asked in other processes."""

import contextlib
import glob
import json
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edged.inference.checks import probe
from edged.inference.edgetpu.host import LIBRARY

ASK_WITHIN_S = 10.0
"""A probe that takes longer hangs."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a probe said: an answer, or else why there is none."""

    answer: dict[str, Any] | None
    failure: str = ""
    """``hangs: …``, ``crashes: SIGSEGV``, or the error that it raised."""


@dataclass(frozen=True, slots=True)
class Library:
    """A libedgetpu that loads."""

    path: str
    version: str | None
    """What it says of itself; None where it says nothing."""
    delegate: bool
    """Whether a runtime can use it: it has what ``load_delegate`` calls."""
    package: str = ""
    """The Debian package it came with; empty where it came with none."""
    package_version: str = ""

    @property
    def tensorflow(self) -> str | None:
        """The version of TensorFlow Lite that it was built against, as its package's version tells; else None.

        Coral's own 16.0 was built against 2.5, the community's say it: 16.0tf2.17.1-1.
        """
        if found := re.search(r"tf([0-9]+(?:\.[0-9]+)+)", self.package_version, re.IGNORECASE):
            return found[1]
        return "2.5" if re.match(r"16\.0(-|$)", self.package_version) else None


def ask(python: Path | None, *question: str, within_s: float = ASK_WITHIN_S) -> Reply:
    """Ask the probe under ``python`` (None: ours). It may crash or hang: that is an answer too."""
    command = [str(python or sys.executable), "-I", probe.__file__, *question]
    try:
        done = subprocess.run(  # noqa: S603  # the interpreter that the configuration names
            command, capture_output=True, check=False, timeout=within_s, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return Reply(None, f"hangs: no answer within {within_s:g} s")
    except OSError as error:
        return Reply(None, f"{command[0]} cannot be started: {error.strerror}")
    if done.returncode < 0:
        return Reply(None, f"crashes: {signal.Signals(-done.returncode).name}")
    with contextlib.suppress(ValueError, IndexError):
        return Reply(json.loads(done.stdout.splitlines()[-1]))
    said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
    return Reply(None, said[-1].removeprefix("OSError: "))


def find_library(configured: Path | None, python: Path | None) -> Library | str:
    """The libedgetpu that the host process would load, or why it cannot."""
    reply = ask(python, "library", str(configured or LIBRARY))
    if reply.answer is None:
        return reply.failure
    package, version = _package_of(reply.answer["path"])
    return Library(**reply.answer, package=package, package_version=version)


def open_device(library: Library, options: Mapping[str, str], python: Path | None, within_s: float) -> str | None:
    """Open and close the device that ``options`` name, which no other process may have open.

    None when that works, else what happens: ``hangs: …``, ``crashes: …``, ``refuses: …``.
    """
    reply = ask(python, "open", library.path, json.dumps(dict(options)), within_s=within_s)
    if reply.answer is None:
        return reply.failure
    reasons = "; ".join(reply.answer["reasons"]) or "no reason given"
    return None if reply.answer["opened"] else f"refuses: {reasons}"


def is_missing(failure: str) -> bool:
    """Whether :func:`find_library` failed because the system has no libedgetpu at all."""
    return failure.startswith(f"{LIBRARY}: cannot open shared object file")


def opened_by(node: Path, processes: Path = Path("/proc")) -> str | None:
    """A process that has ``node`` open (``python3, process 812``); None where there is none that we may see."""
    for link in glob.iglob(f"{processes}/[0-9]*/fd/*"):  # noqa: PTH207  # Path.glob stumbles over a process that ends
        with contextlib.suppress(OSError):
            if Path(link).readlink() == node:
                process = Path(link).parents[1]
                return f"{(process / 'comm').read_text(errors='replace').strip()}, process {process.name}"
    return None


def _package_of(path: str) -> tuple[str, str]:
    """Name and version of the Debian package that ``path`` belongs to; both empty where there is none."""
    owner = _dpkg("--search", path).partition(":")[0]
    return (owner, _dpkg("--show", "--showformat=${Version}", owner)) if owner else ("", "")


def _dpkg(*arguments: str) -> str:
    command = ["dpkg-query", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # asks, changes nothing
            command, capture_output=True, check=True, text=True, timeout=ASK_WITHIN_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
