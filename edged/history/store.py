"""Store: the history's file, for the one who writes it. Not thread-safe; every error is sqlite3's own, or OSError.

The outbox is what keeps an event safe; here a power cut may cost the last seconds, but leaves the file whole
(``synchronous=NORMAL``), and others read while we write (write-ahead log).
"""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from edged.history.mentions import WHERE as MENTION_OTHERS
from edged.history.mentions import mentioned, without_labels
from edged.history.record import ERASED, Record, anonymous
from edged.history.tables import COLUMNS, PUT_EVENT, SCHEMA, VERSION
from edged.runtime.damaged_file import check
from edged.runtime.transaction import transaction

BUSY_S = 1.0
LOG_BYTES = 2**20
"""Length of the write-ahead log at most, after a burst."""
_PRAGMAS = (
    "secure_delete = ON",  # names that were erased are overwritten
    "synchronous = NORMAL",
    f"journal_size_limit = {LOG_BYTES}",
    "cache_size = -256",  # KiB; it is written at its end and seldom read: more of it is held for nothing
    "journal_mode = WAL",
)


class HealthChange(NamedTuple):
    """A part got into another state, or for another reason; the box as a whole is the part ``box``."""

    at_s: float
    """Unix time."""
    part: str
    state: str
    """``gone``: the part is not there any longer."""
    reason: str


class Run(NamedTuple):
    """One life of edged, from start to stop. Unix times."""

    number: int
    boot_id: str
    version: str
    started_s: float
    seen_s: float
    """It was alive then for certain."""
    stopped_s: float | None
    """None: it runs, or it was killed after ``seen_s``."""


class Store:
    """One connection that writes."""

    def __init__(self, path: Path, check_s: float = 0.0) -> None:
        """The folder must be there. ``check_s``: look for damage for so long at most."""
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # events may name people
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        try:
            version = self.number("PRAGMA user_version")
            if version not in {0, VERSION}:
                raise sqlite3.DatabaseError(f"tables of version {version}, not {VERSION}")
            if not version:
                self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before anything else is in it
            for pragma in _PRAGMAS:
                self._db.execute(f"PRAGMA {pragma}")
            if not version:
                self._db.executescript(SCHEMA)
            if check_s:
                check(self._db, check_s)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """What was committed stays."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        return transaction(self._db)

    def put(self, records: Iterable[Record]) -> None:
        """Keep events, each merged with what is known of it."""
        self._db.executemany(PUT_EVENT, records)

    def add_health(self, changes: Iterable[HealthChange]) -> None:
        """Keep changes, in order."""
        self._db.executemany("INSERT INTO health (at_s, part, state, reason) VALUES (?, ?, ?, ?)", changes)

    def begin_run(self, boot_id: str, version: str, at_s: float) -> int:
        """Edged starts: its number; what was on when it last ran was cut short."""
        self._db.execute("UPDATE events SET cut = 1 WHERE ended_s IS NULL AND NOT cut")
        row = (boot_id, version, at_s, at_s)
        done = self._db.execute("INSERT INTO runs (boot_id, version, started_s, seen_s) VALUES (?, ?, ?, ?)", row)
        return int(done.lastrowid or 0)

    def see_run(self, number: int, at_s: float, *, stopped: bool = False) -> bool:
        """It is alive, or stops now; False: there is no run of that number."""
        ends = at_s if stopped else None
        query = "UPDATE runs SET seen_s = ?, stopped_s = ? WHERE number = ?"
        return self._db.execute(query, (at_s, ends, number)).rowcount > 0

    def subjects(self) -> set[str]:
        """Whom events are about."""
        return {subject for (subject,) in self._db.execute("SELECT DISTINCT subject FROM events WHERE subject > ''")}

    def make_anonymous(self, subject: str) -> int:
        """Take a person out of all events; of how many."""
        return self._rewrite([anonymous(record) for record in self._events("subject = ?", subject)])

    def anonymous_among(self, events: Iterable[str]) -> set[str]:
        """Those of the events (by id) whose person was taken out."""
        query = "SELECT 1 FROM events WHERE id = ? AND label = ? AND subject IS NULL"
        return {event for event in events if self._db.execute(query, (event, ERASED)).fetchone()}

    def clean_mentions(self) -> None:
        """Take people out of the events that name an event about them."""
        found = [(record, self.anonymous_among(mentioned(record))) for record in self._events(MENTION_OTHERS)]
        self._rewrite([without_labels(record, events) for record, events in found if events])

    def _events(self, where: str, *values: str) -> list[Record]:
        query = f"SELECT {COLUMNS} FROM events WHERE {where}"  # noqa: S608  # our own words
        return [Record(*fields) for fields in self._db.execute(query, values)]

    def _rewrite(self, records: list[Record]) -> int:
        rows = [(one.label, one.subject, one.body, one.id) for one in records]
        self._db.executemany("UPDATE events SET label = ?, subject = ?, body = ? WHERE id = ?", rows)
        return len(rows)

    def cut_log(self) -> bool:
        """Put the log into the file and cut it to nothing; False where a reader was in the way."""
        return not self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def delete(self, query: str, *values: float) -> int:
        """Run a DELETE; how many rows are gone."""
        return self._db.execute(query, values).rowcount

    def shrink(self) -> None:
        """Give what is free in the file back to the disk."""
        self._db.executescript("PRAGMA incremental_vacuum")  # execute() would take one step of it: a page

    def used_bytes(self) -> int:
        """Of the file, without what is free in it."""
        pages = self.number("PRAGMA page_count") - self.number("PRAGMA freelist_count")
        return pages * self.number("PRAGMA page_size")

    def number(self, query: str) -> int:
        """The one number that a query gives; 0 for NULL."""
        return int(self._db.execute(query).fetchone()[0] or 0)
