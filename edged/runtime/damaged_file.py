"""Damaged files of SQLite: how they are known, and how they are set aside so that a new one can begin."""

import sqlite3
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

MOST_ASIDE = 3
"""Damaged files that are kept, the newest."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_damage(error: Exception) -> bool:
    """Whether the file itself is unusable, as against a disk that cannot be written now."""
    if type(error) not in {sqlite3.DatabaseError, sqlite3.OperationalError}:
        return False
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE


def check(database: sqlite3.Connection, limit_s: float) -> None:
    """DatabaseError where the file is damaged; what takes longer is taken for undamaged."""
    until_s = time.monotonic() + limit_s
    database.set_progress_handler(lambda: time.monotonic() > until_s, 10_000)
    try:
        if (found := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(found)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
    finally:
        database.set_progress_handler(None, 0)


def set_aside(path: Path, unix_s: float) -> Path:
    """Rename the file (with its log) after the date; older ones beyond MOST_ASIDE are deleted."""
    date = datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    aside = path.with_name(f"{path.name}.damaged-{date}")
    for suffix in ("-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.rename(aside)
    with suppress(FileNotFoundError):  # holds what came last
        log_of(path).rename(log_of(aside))
    delete_aside(path, keep=MOST_ASIDE)
    return aside


def delete_aside(path: Path, keep: int = 0) -> int:
    """Delete all that was set aside of a file, but for the newest; how many there were."""
    found = sorted(one for one in path.parent.glob(f"{path.name}.damaged-*Z"))
    old = found[: max(0, len(found) - keep)]
    for one in old:
        for name in (one.with_name(f"{one.name}-shm"), log_of(one), one):
            name.unlink(missing_ok=True)
    return len(old)


def log_of(path: Path) -> Path:
    """Where SQLite writes first what is to go into that file."""
    return path.with_name(f"{path.name}-wal")
