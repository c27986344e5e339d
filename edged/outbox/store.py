"""Store: the outbox's tables in SQLite, on disk or in memory. Not thread-safe; every error is sqlite3's own."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from edged.messages.event import Phase
from edged.outbox.gaps import Gone
from edged.outbox.log_file import LOG_PAGES, lengthen
from edged.outbox.row import Row, as_row, runs
from edged.runtime.damaged_file import check
from edged.runtime.transaction import transaction

VERSION = 1
"""Of the tables; a file of another version counts as damaged."""
LOG_BYTES = 8 * 2**20
"""Length of the write-ahead log at most, after a burst. It is written over, not cut: that makes a commit quicker."""
MOST_REFUSED = 1000
"""Messages that the broker refused for good are kept, the newest, to be looked at."""
ON_NOW = "CREATE TABLE IF NOT EXISTS on_now (event TEXT PRIMARY KEY, body TEXT NOT NULL)"
"""Events that have begun and not ended, with their last message; no part of the schema at first."""
SCHEMA = f"""
BEGIN;
CREATE TABLE waiting (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, phase TEXT NOT NULL, boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL, unix_s REAL NOT NULL, synchronised INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX waiting_by_event ON waiting (event);
CREATE INDEX waiting_updates ON waiting (seq) WHERE phase = 'update';
CREATE TABLE gone (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, dropped INTEGER NOT NULL);
CREATE TABLE refused (
    seq INTEGER PRIMARY KEY, reason TEXT NOT NULL, unix_s REAL NOT NULL, body TEXT NOT NULL
);
PRAGMA user_version = {VERSION};
COMMIT;
"""


class Store:
    """One connection; the file is locked as long as it is open, so that no second daemon sends the same."""

    def __init__(self, path: Path | None) -> None:
        """None: in memory. The folder must be there."""
        self.on_disk = path is not None
        if path is not None:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # events may name people
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=1)
        try:
            self._prepare()
            if path is not None:
                lengthen(path)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        for pragma in (
            "locking_mode = EXCLUSIVE",
            "journal_mode = WAL",
            "synchronous = FULL",
            f"journal_size_limit = {LOG_BYTES}",
            f"wal_autocheckpoint = {LOG_PAGES}",
            "cache_size = -2000",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        if (version := self._number("PRAGMA user_version")) not in {0, VERSION}:
            raise sqlite3.DatabaseError(f"tables of version {version}, not {VERSION}")
        if not version:
            self._db.executescript(SCHEMA)
        self._db.execute(ON_NOW)
        self.count = self._number("SELECT count(*) FROM waiting")
        """Messages that wait."""

    def close(self) -> None:
        """What was committed stays."""
        self._db.close()

    def check(self, limit_s: float) -> None:
        """DatabaseError where the file is damaged; what takes longer is taken for undamaged."""
        check(self._db, limit_s)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; on the disk when the block has ended."""
        return transaction(self._db)

    def last_seq(self) -> int:
        """The highest number that was ever given; 0 at first."""
        return self._number("SELECT max(seq) FROM sqlite_sequence WHERE name = 'waiting'")

    def begin_above(self, seq: int) -> None:
        """No number up to this one is given."""
        self._db.execute("DELETE FROM sqlite_sequence WHERE name = 'waiting'")
        self._db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('waiting', ?)", (seq,))

    def put(self, row: Row) -> None:
        """Keep a message; one of the same number is replaced."""
        found = self._db.execute(
            "UPDATE waiting SET body = ?, boot_id = ?, monotonic_s = ?, unix_s = ?, synchronised = ? WHERE seq = ?",
            (row.body, *row.accepted, row.seq),
        )
        if not found.rowcount:
            self.add([row])

    def add(self, rows: Sequence[Row]) -> None:
        """Keep messages whose numbers are new."""
        self._db.executemany("INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [row.fields for row in rows])
        self.count += len(rows)

    def delete(self, seqs: Iterable[int]) -> int:
        """Forget messages; returns how many there were."""
        found = self._db.executemany("DELETE FROM waiting WHERE seq BETWEEN ? AND ?", runs(seqs))
        deleted = max(0, found.rowcount)
        self.count -= deleted
        return deleted

    def range(self, after: int, to: int, limit: int) -> list[Row]:
        """The first messages with ``after < seq <= to``."""
        query = "SELECT * FROM waiting WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        return list(map(as_row, self._db.execute(query, (after, to, limit)).fetchall()))

    def first_of(self, event: str, after: int, to: int) -> Row | None:
        """The first of one event."""
        query = "SELECT * FROM waiting WHERE event = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT 1"
        fields = self._db.execute(query, (event, after, to)).fetchone()
        return as_row(fields) if fields else None

    def oldest(self, limit: int) -> list[Row]:
        """The oldest messages."""
        return list(map(as_row, self._db.execute("SELECT * FROM waiting ORDER BY seq LIMIT ?", (limit,))))

    def oldest_updates(self, limit: int) -> list[Row]:
        """The oldest of the updates."""
        query = "SELECT * FROM waiting WHERE phase = 'update' ORDER BY seq LIMIT ?"
        return list(map(as_row, self._db.execute(query, (limit,))))

    def everything(self) -> Iterator[Row]:
        """Every message, in order."""
        return map(as_row, self._db.execute("SELECT * FROM waiting ORDER BY seq"))

    def refuse(self, seq: int, reason: str, unix_s: float) -> None:
        """Put a message aside for good (it still waits: delete it)."""
        self._db.execute(
            "INSERT OR REPLACE INTO refused SELECT seq, ?, ?, body FROM waiting WHERE seq = ?", (reason, unix_s, seq)
        )
        query = "DELETE FROM refused WHERE seq <= (SELECT seq FROM refused ORDER BY seq DESC LIMIT 1 OFFSET ?)"
        self._db.execute(query, (MOST_REFUSED,))

    def refused(self) -> list[tuple[int, str, str]]:
        """Number, reason and JSON of the messages that were refused."""
        return self._db.execute("SELECT seq, reason, body FROM refused ORDER BY seq").fetchall()

    def on_now(self) -> dict[str, str]:
        """The last message, as JSON, of each event that has no end."""
        return dict(self._db.execute("SELECT event, body FROM on_now ORDER BY rowid").fetchall())

    def note_on(self, rows: Iterable[Row]) -> None:
        """Events go on, or end, with these messages."""
        for row in rows:
            if row.phase == Phase.END:
                self._db.execute("DELETE FROM on_now WHERE event = ?", (row.event,))
            else:
                self._db.execute("INSERT OR REPLACE INTO on_now VALUES (?, ?)", (row.event, row.body))

    def set_on(self, on_now: Mapping[str, str]) -> None:
        """In place of what was known to be on."""
        self._db.execute("DELETE FROM on_now")
        self._db.executemany("INSERT INTO on_now VALUES (?, ?)", on_now.items())

    def gone(self) -> list[Gone]:
        """What will never be sent."""
        return [Gone(*fields) for fields in self._db.execute("SELECT first, last, dropped FROM gone ORDER BY first")]

    def set_gone(self, gone: Iterable[Gone]) -> None:
        """In place of what was known to be gone."""
        self._db.execute("DELETE FROM gone")
        self._db.executemany("INSERT INTO gone VALUES (?, ?, ?)", gone)

    def used_bytes(self) -> int:
        """Of the file, without what is free in it."""
        pages = self._number("PRAGMA page_count") - self._number("PRAGMA freelist_count")
        return pages * self._number("PRAGMA page_size")

    def _number(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0] or 0)
