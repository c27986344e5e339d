"""Collect: the texts of a bundle, each by its file's name, as they are: nothing of it has been redacted yet.

No picture, no sound, no embedding and no event is among them, and of databases only how many rows they have.
"""

import os
import platform
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from edged import __version__
from edged.checkup.box import Box
from edged.checkup.read_only import counts, reading
from edged.checkup.unit import NAME, PLACES, installed_unit, status_of, systemd_says
from edged.checkup.versions import system
from edged.errors import EdgedError
from edged.history.config import history_path
from edged.outbox.config import outbox_path
from edged.support.redactor import REMOVED
from edged.support.settings_text import settings_text

JOURNAL_LINES = 2000
KERNEL_LINES = 500
KERNEL_WORDS = (
    "usb",
    "mmc",
    "apex",
    "voltage",
    "thermal",
    "throttl",
    "oom",
    "out of memory",
    "ext4",
    "i/o error",
    "snd",
)
"""Of the kernel's log only lines with one of these are taken."""
COMMAND_S = 10.0
MOST_LINE = 4000
"""Characters of a line of a log."""

Collector = Callable[[Box], Any]


def collect(box: Box, doctor: Mapping[str, Any], *, with_logs: bool) -> dict[str, Any]:
    """``doctor``: its findings; ``with_logs``: also what may name people, where their names can be looked for.

    What goes into a file of JSON is no text yet.
    """
    collectors: dict[str, Collector] = {
        "versions.txt": _versions,
        "machine.txt": _machine,
        "settings.yaml": lambda box: settings_text(box, with_labels=with_logs),
        "status.json": lambda box: _status(box, with_warnings=with_logs),
        "counts.json": _counts,
        "unit.txt": _unit,
        "kernel.txt": _kernel,
    }
    if with_logs:
        collectors["journal.txt"] = _journal
    return {"doctor.json": doctor} | {name: _guarded(collector, box) for name, collector in collectors.items()}


def _guarded(collector: Collector, box: Box) -> Any:
    """One that fails says so in its own file, and the rest of the bundle is made."""
    try:
        return collector(box)
    except Exception as fault:  # whatever it is, it must not cost the bundle
        return f"could not be collected: {type(fault).__name__}: {fault}\n"


def _versions(_box: Box) -> str:
    packages = sorted({(one.name or "?", one.version) for one in distributions()}, key=lambda one: one[0].lower())
    lines = [f"edged {__version__}", f"Python {platform.python_version()}", *(f"{name} {it}" for name, it in packages)]
    return "\n".join(lines) + "\n"


def _machine(box: Box) -> str:
    name = os.uname()
    wanted = ("model name", "Model", "Hardware", "Revision", "CPU part")  # not the serial number
    cpu = _lines(box.root / "proc/cpuinfo", lambda line: line.startswith(wanted))
    memory = _lines(box.root / "proc/meminfo", lambda line: line.startswith(("MemTotal", "MemAvailable", "Swap")))
    disk = shutil.disk_usage(box.state if box.state.exists() else "/")
    return "\n".join(
        [
            system(box),
            f"{name.sysname} {name.release} {name.version} {name.machine}",
            f"{os.cpu_count()} processors",
            *dict.fromkeys(cpu),
            *memory,
            f"load {' '.join(f'{load:.2f}' for load in os.getloadavg())}",
            f"disk of the box's own folder: {disk.free / 1e9:.2f} GB free of {disk.total / 1e9:.2f} GB",
            *_lines(box.root / "proc/uptime", lambda _: True),
        ]
    )


def _status(box: Box, *, with_warnings: bool) -> Any:
    """What a running edged says of itself; of the events that are on only how many there are."""
    said = status_of(box)
    if said is None:
        return f"no edged runs; {box.asked}" if box.asked else "no edged runs"
    shown = {"asked": box.asked, **said} if box.asked else dict(said)
    shown["events"] = len(said.get("events", []))
    shown["info"] = {**said.get("info", {}), "site": REMOVED, "location": REMOVED, "changes": REMOVED}
    if not with_warnings:
        shown["warnings"] = REMOVED
    return shown


def _counts(box: Box) -> Any:
    gallery = box.settings.gallery.folder / "gallery.db"
    outbox = outbox_path(box.settings.outbox, box.environment)
    return {
        "gallery": _rows(gallery, "people", "samples", "audit"),
        "outbox": _rows(outbox, "waiting", "refused", "gone"),
        "history": _rows(history_path(box.settings.history, box.environment), "events", "health", "runs"),
    }


def _rows(path: Path, *tables: str) -> Mapping[str, Any]:
    try:
        rows = reading(path, lambda connection: counts(connection, *tables))
        return {**rows, "bytes": path.stat().st_size}
    except (OSError, sqlite3.Error, EdgedError) as error:
        return {"not read": type(error).__name__}


def _unit(box: Box) -> str:
    unit = installed_unit(box.root)
    if unit is None:
        return f"{NAME} is not installed\n"
    drop_ins = sorted((box.root / PLACES[0] / f"{NAME}.d").glob("*.conf"))
    parts = [f"# {path}\n{path.read_text(encoding='utf-8')}" for path in (unit, *drop_ins)]
    says = "".join(f"# {name}={value}\n" for name, value in systemd_says(box).items())
    return "\n".join([*parts, says])


def _journal(_box: Box) -> str:
    return _said("journalctl", "--unit=edged", f"--lines={JOURNAL_LINES}", "--no-pager", "--output=short-iso-precise")


def _kernel(_box: Box) -> str:
    lines = [line for line in _said("dmesg").splitlines() if any(word in line.lower() for word in KERNEL_WORDS)]
    return "\n".join(lines[-KERNEL_LINES:]) + "\n"


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, check=False, timeout=COMMAND_S, stdin=subprocess.DEVNULL)  # noqa: S603  # no outside word in it
    lines = (done.stdout or done.stderr).decode("utf-8", "replace").splitlines()
    return "\n".join(line[:MOST_LINE] for line in lines) + "\n"


def _lines(path: Path, wanted: Callable[[str], bool]) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if wanted(line)]
    except OSError:
        return []


def made_at() -> str:
    """``20261121T180500Z``."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
