"""BoundedQueue: between a capture thread and a pipeline's thread. Full means that the oldest goes, counted."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from edged.runtime.flow import INTERRUPTION, Interruption

T = TypeVar("T")


@dataclass(slots=True)
class _Entry(Generic[T]):
    item: T
    interrupted: bool
    """An interruption comes before it."""
    put_s: float
    hole: bool = False
    """What came just before it was dropped."""


class BoundedQueue(Generic[T]):
    """Iterating takes items in order, waits for more, and ends after :meth:`close`. Its length counts items alone."""

    def __init__(
        self,
        capacity: int,
        on_drop: Callable[[T], None] = lambda _: None,
        mark_gap: Callable[[T], T] = lambda item: item,
        on_take: Callable[[float], None] = lambda _: None,
    ) -> None:
        """``on_drop`` is told of each item dropped; ``mark_gap`` marks the item that now follows the hole.

        ``on_take`` is told of each item that iteration takes, for how many seconds it waited.
        """
        if capacity < 1:
            raise ValueError(f"capacity: {capacity}, must be at least 1")
        self._capacity = capacity
        self._on_drop = on_drop
        self._mark_gap = mark_gap
        self._on_take = on_take
        self._entries: deque[_Entry[T]] = deque()
        self._changed = threading.Condition()
        self._interrupted = False
        self._closed = False

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, item: T) -> None:
        """Never waits: when full, the oldest item is dropped; an interruption before it stays."""
        dropped = None
        with self._changed:
            self._entries.append(_Entry(item, self._interrupted, time.monotonic()))
            self._interrupted = False
            if len(self._entries) > self._capacity:
                dropped = self._entries.popleft()
                heir = self._entries[0]
                heir.hole, heir.interrupted = True, heir.interrupted or dropped.interrupted
            self._changed.notify()
        if dropped is not None:
            self._on_drop(dropped.item)

    def interrupt(self) -> None:
        """What follows is not one piece with what came before (several in a row count as one)."""
        with self._changed:
            self._interrupted = True
            self._changed.notify()

    def close(self) -> None:
        """No more will come: iteration ends when what is there has been taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def poll(self, limit_s: float) -> Iterator[T | None]:
        """Items alone, one by one; None where none came within ``limit_s``. Ends after :meth:`close`."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._entries or self._closed, limit_s)
                if self._closed and not self._entries:
                    return
                entry = self._entries.popleft() if self._entries else None
            yield entry.item if entry is not None else None

    def __iter__(self) -> Iterator[T | Interruption]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._entries or self._interrupted or self._closed)
                entry = self._entries.popleft() if self._entries else None
                if entry is None:
                    if not self._interrupted:
                        return
                    self._interrupted = False
            if entry is None or entry.interrupted:
                yield INTERRUPTION
            if entry is not None:
                self._on_take(time.monotonic() - entry.put_s)
                yield self._mark_gap(entry.item) if entry.hole else entry.item
