"""Check of the disks: room for events, people and clips."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from edged.checkup.box import Box
from edged.runtime.finding import Finding, Level
from edged.sinks.clips.config import clips_folder

LOW_BYTES, LEAST_BYTES = 500_000_000, 50_000_000
"""With less free it is time to make room; with less than the second, events may soon not be kept."""
LEAST_FILES = 1000
"""Files that can still be made."""
MAKE_ROOM = "sudo du -xh / | sort -h | tail -20   # what takes the room?"


class Room(NamedTuple):
    """Of one file system."""

    free_bytes: int
    total_bytes: int
    free_files: int | None
    """None where it makes them as they are needed."""
    read_only: bool


def check(box: Box) -> Iterator[Finding]:
    """Each file system that edged writes to, once."""
    seen = set()
    for path in (box.state, clips_folder(box.settings.clips, box.environment), box.root):
        there = next(one for one in (path, *path.absolute().parents) if _can_be_seen(one))
        device = there.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield judged(str(there), room(there), kept=path != box.root)


def _can_be_seen(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # the folder above it is not ours to look into, and as good: it is the same disk
        return False


def room(path: Path) -> Room:
    """Of the file system that holds ``path``."""
    disk = os.statvfs(path)
    files = disk.f_favail if disk.f_files else None
    return Room(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize, files, bool(disk.f_flag & os.ST_RDONLY))


def judged(about: str, room: Room, *, kept: bool) -> Finding:
    """``kept``: whether edged keeps something there."""
    found = f"{room.free_bytes / 1e9:.1f} GB free of {room.total_bytes / 1e9:.1f} GB"
    if room.read_only and kept:
        remedy = "sudo mount -o remount,rw …   # and look at `dmesg`: is the card worn out?"
        return Finding(Level.FAULT, about, "is mounted read-only: events wait in memory", remedy)
    if room.free_bytes < LEAST_BYTES and not room.read_only:
        return Finding(Level.FAULT, about, f"is full: {room.free_bytes / 1e6:.0f} MB free", MAKE_ROOM)
    if room.free_files is not None and room.free_files < LEAST_FILES and not room.read_only:
        return Finding(Level.FAULT, about, f"has room for {room.free_files} files only", MAKE_ROOM)
    if room.free_bytes < LOW_BYTES and not room.read_only:
        return Finding(Level.WARNING, about, found, MAKE_ROOM)
    return Finding(Level.OK, about, found)
