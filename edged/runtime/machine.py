"""The machine that edged runs on: what the kernel says of it."""

import ctypes
import os
import re
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

STA_UNSYNC = 0x0040
"""adjtimex(2): the clock is not synchronised."""


def host_slug() -> str:
    """The host's name as a name for topics: ``[a-z0-9_-]{1,40}``."""
    return re.sub(r"[^a-z0-9_-]+", "-", socket.gethostname().lower()).strip("-")[:40] or "edged"


def boot_id() -> str:
    """Random, new at every boot; empty where the kernel has none."""
    return _read("/proc/sys/kernel/random/boot_id")


def cpu_temperature_c() -> float | None:
    """Degrees Celsius of the first thermal zone; None where there is none."""
    text = _read("/sys/class/thermal/thermal_zone0/temp")
    return int(text) / 1000 if text.lstrip("-").isdigit() else None


def disk_free_bytes(path: Path) -> int:
    """Free for us on the file system that holds ``path``."""
    return shutil.disk_usage(path).free


def clock_synchronised() -> bool | None:
    """Whether the kernel holds the clock to be synchronised (by NTP or the like); None where it does not say."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return None
    state = (ctypes.c_long * 64)()  # struct timex, all zeros: read only; its status is the second int after two longs
    if adjtimex(ctypes.byref(state)) < 0:
        return None
    status_at = 5 * ctypes.sizeof(ctypes.c_long)  # modes, offset, freq, maxerror, esterror come before it
    return not ctypes.c_int.from_buffer(state, status_at).value & STA_UNSYNC


def resident_bytes() -> int:
    """Physical memory of this process."""
    fields = _read("/proc/self/statm").split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE") if len(fields) > 1 else 0


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def state_folder(environment: Mapping[str, str], user: int) -> Path:
    """Where this box keeps what is its own and the config names no place for; ``user`` is the user id, 0 for root."""
    if state := environment.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(state)
    data, home = environment.get("XDG_DATA_HOME", ""), environment.get("HOME", "")
    if user == 0 or not (data or home):
        return Path("/var/lib/edged")
    return Path(data or Path(home) / ".local" / "share") / "edged"
