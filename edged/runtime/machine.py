"""The machine that edged runs on: what the kernel says of it. ``root`` is for tests: another tree in place of ``/``."""

import ctypes
import functools
import os
import re
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STA_UNSYNC = 0x0040
"""adjtimex(2): the clock is not synchronised."""
SECTOR_BYTES = 512
"""The kernel's, whatever the disk's."""
ROOT = Path("/")


def host_slug() -> str:
    """The host's name as a name for topics: ``[a-z0-9_-]{1,40}``."""
    return re.sub(r"[^a-z0-9_-]+", "-", socket.gethostname().lower()).strip("-")[:40] or "edged"


def boot_id() -> str:
    """Random, new at every boot; empty where the kernel has none."""
    return read_text(ROOT / "proc/sys/kernel/random/boot_id")


def cpu_temperature_c(root: Path = ROOT) -> float | None:
    """Degrees Celsius of the thermal zone with the CPU's name, else of the first; None where there is none."""
    zones = sorted((root / "sys/class/thermal").glob("thermal_zone*"))
    named = [zone for zone in zones if re.search("cpu|x86_pkg", read_text(zone / "type"))]
    text = read_text((named or zones)[0] / "temp") if zones else ""
    return int(text) / 1000 if re.fullmatch(r"-?[0-9]{1,7}", text) else None


def cpu_pressure_pct(root: Path = ROOT) -> float | None:
    """Share of the last minute in which something waited for a CPU: of edged's own, else of all; None: not told.

    See psi in the kernel's documentation. Raspberry Pi OS tells it with ``psi=1`` in its cmdline.txt alone.
    """
    cgroup = own_cgroup(root)
    texts = [read_text(cgroup / "cpu.pressure")] if cgroup else []
    for text in (*texts, read_text(root / "proc/pressure/cpu")):
        if found := re.search(r"^some .*?\bavg60=([0-9]{1,3}\.[0-9]+)", text, re.MULTILINE):
            return float(found[1])
    return None


def load_per_cpu(root: Path = ROOT, cpus: int | None = None) -> float | None:
    """The last minute's load average for each CPU; None where it is not told."""
    first = read_text(root / "proc/loadavg").partition(" ")[0]
    return float(first) / (cpus or os.cpu_count() or 1) if re.fullmatch(r"[0-9]{1,6}\.[0-9]+", first) else None


def disk_free_bytes(path: Path) -> int:
    """Free for us on the file system that holds ``path``."""
    return shutil.disk_usage(path).free


def disk_written_bytes(path: Path, root: Path = ROOT) -> int | None:
    """Written since the boot, by all programs, to the disk that holds ``path``, all of it and not its partition alone.

    None where that is not counted, or is no single disk (tmpfs, overlay, btrfs).
    """
    try:
        device = path.stat().st_dev
    except OSError:
        return None
    place = (root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    return written_bytes(place.parent if (place / "partition").is_file() else place)


def written_bytes(device: Path) -> int | None:
    """As the kernel counts for a block device, by its folder in sysfs (Documentation/block/stat.rst)."""
    fields = read_text(device / "stat").split()
    return int(fields[6]) * SECTOR_BYTES if len(fields) > 6 and re.fullmatch("[0-9]{1,20}", fields[6]) else None


def clock_synchronised() -> bool | None:
    """Whether the kernel holds the clock to be synchronised (by NTP or the like); None where it does not say."""
    if (adjtimex := _adjtimex()) is None:
        return None
    state = (ctypes.c_long * 64)()  # struct timex, all zeros: read only; its status is the second int after two longs
    if adjtimex(ctypes.byref(state)) < 0:  # the unit's ProtectClock= refuses even the question
        told = ROOT / "run/systemd/timesync"
        return (told / "synchronized").exists() if told.is_dir() else None
    status_at = 5 * ctypes.sizeof(ctypes.c_long)  # modes, offset, freq, maxerror, esterror come before it
    return not ctypes.c_int.from_buffer(state, status_at).value & STA_UNSYNC


@functools.cache  # each look for it would leave a circle behind for the garbage collector
def _adjtimex() -> Any:
    return getattr(ctypes.CDLL(None), "adjtimex", None)


def resident_bytes(root: Path = ROOT) -> int:
    """Physical memory of this process."""
    fields = read_text(root / "proc/self/statm").split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE") if len(fields) > 1 else 0


def own_cgroup(root: Path = ROOT) -> Path | None:
    """The folder of edged's own cgroup (version 2), such as that of its service; None where there is none."""
    top = root / "sys/fs/cgroup"
    place = re.search(r"^0::/(.*)$", read_text(root / "proc/self/cgroup"), re.MULTILINE)
    return top / place[1] if place and (top / "cgroup.controllers").is_file() else None


def read_text(path: Path) -> str:
    """What a file of the kernel's says; empty where it is not there, or says nothing that can be read."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def read_int(path: Path) -> int | None:
    """The number in a file of the kernel's, not negative; None where there is none (``max``, say)."""
    text = read_text(path)
    return int(text) if re.fullmatch(r"[0-9]{1,20}", text) else None


def state_folder(environment: Mapping[str, str], user: int) -> Path:
    """Where this box keeps what is its own and the config names no place for; ``user`` is the user id, 0 for root."""
    if state := environment.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(state)
    data, home = environment.get("XDG_DATA_HOME", ""), environment.get("HOME", "")
    if user == 0 or not (data or home):
        return Path("/var/lib/edged")
    return Path(data or Path(home) / ".local" / "share") / "edged"
