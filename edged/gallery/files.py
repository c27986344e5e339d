"""Files of the gallery: written whole or not at all, for their owner alone, with what went wrong in plain words."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from edged.errors import GalleryError

_ROOM = "the disk is full: make room, and try again; nothing was changed"
_OWNER = "run it as the user that owns the gallery, on a disk that can be written; nothing was changed"
_DAMAGED = "the database is damaged: start edged again, it sets the file aside and uses the last good backup"
_BY_ERRNO = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EACCES: _OWNER,
    errno.EPERM: _OWNER,
    errno.EROFS: _OWNER,
}
_BY_SQLITE = {
    "SQLITE_FULL": _ROOM,
    "SQLITE_IOERR": "the disk fails or is full: look at `dmesg` and `df`; nothing was changed",
    "SQLITE_READONLY": _OWNER,
    "SQLITE_CANTOPEN": _OWNER,
    "SQLITE_PERM": _OWNER,
    "SQLITE_BUSY": "another process is writing to it: try again; nothing was changed",
    "SQLITE_LOCKED": "another process is writing to it: try again; nothing was changed",
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
}


@contextmanager
def explain(path: Path) -> Iterator[None]:
    """Turn what the disk or SQLite says of ``path`` into a GalleryError with the remedy; bugs stay what they are."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        remedy = next((remedy for start, remedy in _BY_SQLITE.items() if name.startswith(start)), None)
        if remedy is None:
            raise
        raise GalleryError(f"{path}: {error}; {remedy}") from error
    except OSError as error:
        remedy = _BY_ERRNO.get(error.errno or 0, "nothing was changed")
        raise GalleryError(f"{error.filename or path}: {error.strerror}; {remedy}") from error


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file, mode 0600, that takes its place when the block ends well and is on the disk; else leaves nothing."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        settle(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file so that it is there whole or not at all."""
    with written(path) as file:
        file.write(content)


def settle(source: Path, target: Path) -> None:
    """Rename, for good: it is so after a power cut too."""
    source.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
