"""Salvage: what can still be read in a damaged file."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edged.history.record import Record
from edged.history.store import HealthChange, Store
from edged.history.tables import COLUMNS

MOST_ROWS = 100_000
"""Read from either end."""


def salvage(damaged: Path, store: Store) -> int:
    """Put into a new ``store`` what can be read from either end; returns how many events.

    When edged ran before is not saved. sqlite3.Error where ``store`` cannot be written.
    """
    found: dict[str, Record] = {}
    changes: dict[int, HealthChange] = {}
    with closing(sqlite3.connect(damaged, isolation_level=None)) as database:
        database.text_factory = lambda text: text.decode(errors="replace")
        for way in ("ASC", "DESC"):  # each ends at the damage
            found |= {one.id: one for one in _events(database, way)}
            changes |= dict(_changes(database, way))
    with store.transaction():
        store.put(found.values())
        store.add_health(change for _, change in sorted(changes.items()))
    return len(found)


def _events(database: sqlite3.Connection, way: str) -> Iterator[Record]:
    for fields in _rows(database, f"SELECT {COLUMNS} FROM events ORDER BY id {way}"):  # noqa: S608  # our own names
        record = Record(*fields)
        with suppress(ValidationError, TypeError, ValueError):
            if _is_whole(record):
                yield record


def _is_whole(record: Record) -> bool:
    """Whether all is of its kind, and its message stands where it belongs."""
    message = record.message
    evidence = [json.loads(text) for text in (record.start_evidence, record.best_evidence)]
    return (
        (message.id, message.seq, message.pipeline) == (record.id, record.last_seq, record.pipeline)
        and (message.label, message.subject) == (record.label, record.subject)
        and all(isinstance(value, float) for value in (record.started_s, record.confidence, record.duration_s))
        and all(isinstance(value, int) for value in (record.cut, record.updates, record.first_seq))
        and isinstance(record.ended_s, float | None)
        and all(isinstance(one, dict) for one in evidence)
    )


def _changes(database: sqlite3.Connection, way: str) -> Iterator[tuple[int, HealthChange]]:
    query = f"SELECT number, at_s, part, state, reason FROM health ORDER BY number {way}"  # noqa: S608  # our own names
    for number, *fields in _rows(database, query):
        change = HealthChange(*fields)
        if isinstance(change.at_s, float) and all(isinstance(text, str) for text in change[1:]):
            yield number, change


def _rows(database: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    with suppress(sqlite3.Error):
        yield from database.execute(f"{query} LIMIT {MOST_ROWS}")
