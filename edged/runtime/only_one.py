"""OnlyOne: one box in a folder. Two would share its outbox, and throw each other off the broker."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from edged.errors import EdgedError

NAME = "running"


def claim(folder: Path) -> int | None:
    """Have the folder to ourselves as long as this process lives; EdgedError where another has it.

    Returns what to close to give it back; None where nothing can be written there: whoever needs to says so.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # no child of ours inherits it, unlike flock's
    except OSError:
        pid = os.read(handle, 20).decode("ascii", "replace").strip()
        os.close(handle)
        raise EdgedError(
            f"{folder}: another edged runs here (process {pid or 'unknown'}); stop that one, or name another folder "
            "in the environment variable STATE_DIRECTORY"
        ) from None
    with suppress(OSError):  # a full disk: the lock holds all the same
        os.truncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
    return handle
