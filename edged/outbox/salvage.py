"""Salvage: what can still be read in a damaged file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from edged.outbox.outgoing import read
from edged.outbox.row import Row, as_row
from edged.outbox.store import Store

MOST_ROWS = 300_000
"""Read from either end; more than fit into an outbox of usual size."""
_FIELDS = "seq, event, phase, boot_id, monotonic_s, unix_s, synchronised, body"


def salvage(damaged: Path, store: Store, last_seq: int) -> int:
    """Put into ``store`` the messages up to ``last_seq`` that can be read from either end; returns how many.

    sqlite3.Error where ``store`` cannot be written.
    """
    before = store.count
    with closing(sqlite3.connect(damaged, isolation_level=None)) as database:
        database.text_factory = lambda text: text.decode(errors="replace")
        for way in ("ASC", "DESC"):  # each ends at the damage
            query = f"SELECT {_FIELDS} FROM waiting WHERE seq <= {last_seq} ORDER BY seq {way} LIMIT {MOST_ROWS}"  # noqa: S608
            with store.transaction():
                for row in _rows(database, query):
                    store.put(row)
    return store.count - before


def _rows(database: sqlite3.Connection, query: str) -> Iterator[Row]:
    with suppress(sqlite3.Error):
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        for fields in database.execute(query):
            row = as_row(fields)
            if _is_whole(row):
                yield row


def _is_whole(row: Row) -> bool:
    """Whether it is a message, and stands where it belongs."""
    message = read(row) if isinstance(row.body, str) else None
    return (
        message is not None
        and (message.seq, message.id, message.phase) == (row.seq, row.event, row.phase)
        and isinstance(row.accepted.boot_id, str)
        and all(isinstance(value, float) for value in (row.accepted.monotonic_s, row.accepted.unix_s))
    )
