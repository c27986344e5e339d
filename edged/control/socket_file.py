"""The socket's file: made so that nobody can connect who may not, replaced when stale, refused while another lives."""

import fcntl
import logging
import os
import socket
import stat
from pathlib import Path

from edged.control.protocol import ControlError

MODE = 0o660

log = logging.getLogger(__name__)


def listen(path: Path, group: int | None) -> tuple[socket.socket, int]:
    """A socket at ``path`` of mode 0660 that belongs to ``group``, and the lock that makes it ours until it is closed.

    A file that a dead edged left behind is replaced; ControlError where another edged lives, or it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        lock = _lock(path)
    except OSError as error:
        raise ControlError(f"control.path: {path}: cannot be made: {error.strerror}; name another place") from None
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.exists() and not stat.S_ISSOCK(path.lstat().st_mode):
            raise ControlError(f"control.path: {path}: is there and is no socket; remove it or name another place")
        path.unlink(missing_ok=True)
        stream.bind(str(path))
        path.chmod(MODE)  # nobody can connect before listen()
        _give(path, group)
        stream.listen()
    except (OSError, ControlError) as error:
        stream.close()
        os.close(lock)
        if isinstance(error, ControlError):
            raise
        reason = error.strerror or error
        raise ControlError(f"control.path: {path}: cannot be made: {reason}; name another place") from None
    return stream, lock


def _lock(path: Path) -> int:
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel lets go of it when we die
    except BlockingIOError:
        os.close(lock)
        raise ControlError(f"control.path: {path}: another edged runs there; stop it, or name another place") from None
    return lock


def _give(path: Path, group: int | None) -> None:
    if group is None:
        log.info("the control socket is for root and our own user alone", extra={"socket": str(path)})
        return
    if path.stat().st_gid == group:  # the service's sandbox forbids to give anything away
        return
    try:
        os.chown(path, -1, group)
    except PermissionError:
        log.warning("the control socket cannot be given to the group: be a member of it", extra={"socket": str(path)})
