"""Bounds: what goes when the outbox is full, or when it has waited for too long. Returns the numbers that are gone."""

from collections.abc import Collection, Iterable

from edged.outbox.clock import Moment, age_s
from edged.outbox.row import Row
from edged.outbox.store import Store

CHUNK = 200
"""Messages looked at together."""
FULL_AGAIN = 0.95
"""So much of the room stays in use, so that not every event after that drops another."""
GROWN_BYTES = 64 * 2**10
"""The size is looked at when so much has been put in since, as looking takes time of each commit."""


class Room:
    """Knows when it is time to :func:`make_room`."""

    def __init__(self) -> None:
        self._grown = GROWN_BYTES

    def make(self, store: Store, rows: Iterable[Row], max_bytes: int, spared: Collection[int]) -> list[int]:
        """``rows`` were put in; drop what is too much, now or soon."""
        self._grown += sum(len(row.body) for row in rows)
        if self._grown < GROWN_BYTES:
            return []
        self._grown = 0
        return make_room(store, max_bytes, spared)


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
