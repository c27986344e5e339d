"""Reading a SQLite database of a box that may be running, without a lock on it and without a file beside it.

SQLite makes files beside a database with a log of writes even where it only reads. So where the log is empty the
database is opened as one that nobody changes (``immutable``), and else a copy of both is read. If somebody wrote
meanwhile, what was read may be of two moments, and is read again.
"""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from edged.errors import EdgedError
from edged.runtime.damaged_file import log_of

T = TypeVar("T")
TRIES, PAUSE_S = 5, 0.2
MOST_COPIED = 1 << 30
"""Bytes of a database that is copied."""
CHECK_S = 20.0
_LOG_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""A log begins so, unless it is empty or was only made long."""


class InUseError(EdgedError):
    """Somebody writes to it all the time."""


def reading(path: Path, read: Callable[[sqlite3.Connection], T]) -> T:
    """What ``read`` makes of the database.

    sqlite3.Error as ``read`` raises it, OSError where it cannot be read, InUseError where it never comes to rest.
    """
    for _ in range(TRIES):
        before, result, fault = _stamps(path), None, None
        try:
            result = _read(path, read)
        except (sqlite3.Error, FileNotFoundError) as error:
            fault = error
        if _stamps(path) == before:
            if fault is not None:
                raise fault
            return result  # type: ignore[return-value]  # no fault: it is what was read
        time.sleep(PAUSE_S)
    raise InUseError(f"{path}: is written to all the time, and could not be looked at; stop edged, and try again")


def faults(connection: sqlite3.Connection) -> list[str]:
    """What SQLite's own check says; what takes longer than CHECK_S is taken for whole."""
    until_s = time.monotonic() + CHECK_S
    connection.set_progress_handler(lambda: time.monotonic() > until_s, 10_000)
    try:
        return [row[0] for row in connection.execute("PRAGMA quick_check(3)") if row[0] != "ok"]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:
            return [str(error)]
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return []
    finally:
        connection.set_progress_handler(None, 0)


def counts(connection: sqlite3.Connection, *tables: str) -> dict[str, int]:
    """How many rows each table has."""
    return {table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables}  # noqa: S608  # our own names


def _read(path: Path, read: Callable[[sqlite3.Connection], T]) -> T:
    if not _has_log(path):
        return _in(path, read)
    if path.stat().st_size > MOST_COPIED:
        raise InUseError(f"{path}: is too large to be looked at while edged runs; stop edged, and try again")
    with tempfile.TemporaryDirectory(prefix="edged-doctor-") as folder:  # mode 0700
        copy = Path(folder) / "copy"
        shutil.copyfile(path, copy)
        shutil.copyfile(log_of(path), log_of(copy))
        return _in(copy, read, "mode=rw")


def _in(path: Path, read: Callable[[sqlite3.Connection], T], how: str = "mode=ro&immutable=1") -> T:
    path.open("rb").close()  # an OSError that says why
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as connection:
        return read(connection)


def _has_log(path: Path) -> bool:
    try:
        with log_of(path).open("rb") as file:
            return file.read(4) in _LOG_MAGIC
    except FileNotFoundError:
        return False


def _stamps(path: Path) -> list[tuple[int, int, int] | None]:
    """Changes with each write."""
    stamps: list[tuple[int, int, int] | None] = []
    for one in (path, log_of(path)):
        try:
            status = one.stat()
            stamps.append((status.st_ino, status.st_size, status.st_mtime_ns))
        except FileNotFoundError:
            stamps.append(None)
    return stamps
