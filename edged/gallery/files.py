"""Files of the gallery: what goes wrong with them, in plain words."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
