"""Reader: looks into the history, whether edged runs or not. Writes nothing and keeps nobody from writing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path

from edged.errors import EdgedError
from edged.history.filter import Filter
from edged.history.life import SEEN_S
from edged.history.record import Record
from edged.history.store import HealthChange, Run
from edged.history.tables import COLUMNS, VERSION
from edged.runtime.damaged_file import is_damage

BUSY_S = 5.0
ALIVE_S = 3 * SEEN_S
"""An edged that was not seen for longer does not run."""
_LAST = "\U0010ffff"
"""Comes after every letter."""


class Standing(StrEnum):
    """How it is with an event."""

    ON = "on"
    ENDED = "ended"
    CUT = "cut short"
    """Edged ended before it did."""


@contextmanager
def reading(path: Path) -> "Iterator[Reader]":
    """All that is read in the block is of one moment. EdgedError where it cannot be read, with the remedy."""
    _must_be_readable(path)
    try:
        with closing(_connected(path)) as database:
            if (version := database.execute("PRAGMA user_version").fetchone()[0]) != VERSION:
                raise EdgedError(f"history {path}: has tables of version {version}, this edged reads {VERSION}")
            database.execute("BEGIN")
            yield Reader(database)
    except sqlite3.Error as error:
        remedy = "edged sets it aside at its next start" if is_damage(error) else "try again"
        raise EdgedError(f"history {path}: cannot be read: {error}; {remedy}") from None


def _must_be_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except FileNotFoundError:
        told = "is not there: edged makes it when it runs with history.enabled"
        raise EdgedError(f"history {path}: {told}") from None
    except OSError as error:
        remedy = "run it with sudo" if isinstance(error, PermissionError) else "see to the disk"
        raise EdgedError(f"history {path}: cannot be read: {error.strerror}; {remedy}") from None


class Reader:
    """One connection within :func:`reading`; its methods raise sqlite3's errors, which end there."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self._last_run = next(self._runs("ORDER BY number DESC LIMIT 1"), None)

    def events(self, wanted: Filter) -> Iterator[Record]:
        """All that are wanted, the oldest first."""
        where, values = wanted.where()
        return self._events(f"WHERE {where} ORDER BY started_s, id", *values)

    def newest(self, wanted: Filter, limit: int) -> list[Record]:
        """The newest of them, the newest last."""
        where, values = wanted.where()
        return list(self._events(f"WHERE {where} ORDER BY started_s DESC, id DESC LIMIT ?", *values, limit))[::-1]

    def beginning_with(self, prefix: str, limit: int) -> list[Record]:
        """Events whose ids begin so."""
        return list(self._events("WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", prefix, prefix + _LAST, limit))

    def standing(self, record: Record, now_s: float) -> Standing:
        """How it is with an event; ``now_s``: Unix time."""
        if record.ended_s is not None:
            return Standing.CUT if record.cut else Standing.ENDED
        run = self._last_run
        runs = run is not None and run.stopped_s is None and now_s - run.seen_s < ALIVE_S
        return Standing.ON if runs and not record.cut else Standing.CUT

    def health(self, since_s: float = float("-inf"), until_s: float = float("inf")) -> Iterator[HealthChange]:
        """How the box and its parts have changed between two Unix times, in order."""
        query = "SELECT at_s, part, state, reason FROM health WHERE at_s >= ? AND at_s < ? ORDER BY number"
        return map(HealthChange._make, self._db.execute(query, (since_s, until_s)))

    def health_at(self, at_s: float) -> dict[str, HealthChange]:
        """The last change of each part before a Unix time."""
        query = "SELECT at_s, part, state, reason FROM health WHERE at_s < ? ORDER BY number"
        return {fields[1]: HealthChange._make(fields) for fields in self._db.execute(query, (at_s,))}

    def runs(self, since_s: float = float("-inf"), until_s: float = float("inf")) -> Iterator[Run]:
        """The lives of edged that have something of the time between two Unix times, in order."""
        return self._runs("WHERE seen_s >= ? AND started_s < ? ORDER BY number", since_s, until_s)

    def _events(self, rest: str, *values: float | str) -> Iterator[Record]:
        for fields in self._db.execute(f"SELECT {COLUMNS} FROM events {rest}", values):  # noqa: S608  # our own words
            record = Record(*fields)
            yield record._replace(cut=bool(record.cut))

    def _runs(self, rest: str, *values: float) -> Iterator[Run]:
        query = f"SELECT number, boot_id, version, started_s, seen_s, stopped_s FROM runs {rest}"  # noqa: S608  # as above
        return map(Run._make, self._db.execute(query, values))


def _connected(path: Path) -> sqlite3.Connection:
    """Without a log nobody writes, and SQLite need make no files beside it, where we may perhaps not write."""
    log = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=BUSY_S)
