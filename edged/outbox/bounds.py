"""Bounds: what goes when the outbox is full, or when it has waited for too long. Returns the numbers that are gone."""

from collections.abc import Collection, Iterable

from edged.outbox.clock import Moment, age_s
from edged.outbox.row import Row
from edged.outbox.store import Store

CHUNK = 200
"""Messages looked at together."""
FULL_AGAIN = 0.95
"""So much of the room stays in use, so that not every event after that drops another."""
LOOK = 0.25
"""The size is looked at again when this much of the free room has gone into messages: looking takes time."""


class Room:
    """Knows when it is time to :func:`make_room`."""

    def __init__(self) -> None:
        self._left_bytes = 0.0

    def make(self, store: Store, rows: Iterable[Row], max_bytes: int, spared: Collection[int]) -> list[int]:
        """``rows`` were put in; drop what is too much. A row takes less than four times its JSON."""
        self._left_bytes -= sum(len(row.body) for row in rows)
        if self._left_bytes > 0:
            return []
        dropped = make_room(store, max_bytes, spared)
        self._left_bytes = (max_bytes - store.used_bytes()) * LOOK
        return dropped


def make_room(store: Store, max_bytes: int, spared: Collection[int]) -> list[int]:
    """Drop the oldest updates, then the oldest messages; ``spared`` are under way to the broker."""
    dropped: list[int] = []
    if store.used_bytes() <= max_bytes:
        return dropped
    while store.used_bytes() > max_bytes * FULL_AGAIN:
        chunk = _seqs(store.oldest_updates(CHUNK), spared) or _seqs(store.oldest(CHUNK), spared)
        if not chunk:
            break
        store.delete(chunk)
        dropped += chunk
    return dropped


def drop_aged(store: Store, max_age_s: float, now: Moment, spared: Collection[int]) -> list[int]:
    """Drop what has waited for longer; where its age cannot be known it stays, if nothing younger has to go."""
    dropped: list[int] = []
    while True:
        rows = store.oldest(CHUNK)
        too_old = [row.seq for row in rows if (age_s(row.accepted, now) or 0.0) > max_age_s]
        chunk = [row.seq for row in rows if too_old and row.seq <= too_old[-1] and row.seq not in spared]
        store.delete(chunk)
        dropped += chunk
        if len(chunk) < CHUNK:
            return dropped


def _seqs(rows: Iterable[Row], spared: Collection[int]) -> list[int]:
    return [row.seq for row in rows if row.seq not in spared]
