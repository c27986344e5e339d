"""The lock on an accelerator: a second process that opens the same Edge TPU crashes the first (edgetpu #237, #645)."""

import fcntl
import os
import tempfile
from pathlib import Path

from edged.errors import DeviceLostError


def lock_folder() -> Path:
    """Where locks of devices lie, the same for every program on the box: /run/lock, as the FHS has it."""
    shared = Path("/run/lock")
    return shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())


def lock_path(device: str, folder: Path | None = None) -> Path:
    """The lock of ``device``, such as ``usb:0``."""
    return (folder or lock_folder()) / f"edged-edgetpu-{device.replace(':', '-')}.lock"


def take(device: str, folder: Path | None = None) -> int:
    """Lock ``device``. Returns a file descriptor: the lock lasts until it and its copies in children are closed.

    DeviceLostError names who holds it.
    """
    path = lock_path(device, folder)
    try:
        try:  # not O_CREAT on what is there: in /run/lock the kernel refuses that for another user's file
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            fd = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise DeviceLostError(f"{device}: its lock {path} cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        who = holder(device, folder) or "another process"
        raise DeviceLostError(f"{device}: is held by {who}; stop it: two at once crash each other") from None
    return fd


def holder(device: str, folder: Path | None = None) -> str | None:
    """Who holds ``device``, by process id and command line; None when nobody does."""
    try:
        inode = lock_path(device, folder).stat().st_ino
    except OSError:
        return None
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        words = line.split()  # 1: FLOCK ADVISORY WRITE 1234 08:01:5678 0 EOF
        if "->" not in words and words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
            return f"process {words[4]} ({_command(words[4])})"
    return None


def _command(pid: str) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "of another user or container"
    return b" ".join(words).decode(errors="replace").strip()[:200]
