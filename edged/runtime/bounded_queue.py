"""BoundedQueue: between a capture thread and a pipeline's thread. Full means that the oldest goes, counted."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from edged.runtime.flow import INTERRUPTION, Interruption

T = TypeVar("T")


class BoundedQueue(Generic[T]):
    """Iterating takes items in order, waits for more, and ends after :meth:`close`."""

    def __init__(
        self,
        capacity: int,
        on_drop: Callable[[T], None] = lambda _: None,
        mark_gap: Callable[[T], T] = lambda item: item,
    ) -> None:
        """``on_drop`` is told of each item dropped; ``mark_gap`` marks the item that now follows the hole."""
        if capacity < 1:
            raise ValueError(f"capacity: {capacity}, must be at least 1")
        self._capacity = capacity
        self._on_drop = on_drop
        self._mark_gap = mark_gap
        self._items: deque[T | Interruption] = deque()
        self._changed = threading.Condition()
        self._hole = False
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        """Never waits: when full, the oldest item is dropped."""
        dropped = None
        with self._changed:
            if len(self._items) >= self._capacity:
                dropped = self._items.popleft()
                self._hole = True
            self._items.append(item)
            self._changed.notify()
        if dropped is not None and not isinstance(dropped, Interruption):
            self._on_drop(dropped)

    def interrupt(self) -> None:
        """What follows is not one piece with what came before (several in a row count as one)."""
        with self._changed:
            if not (self._items and self._items[-1] is INTERRUPTION):
                self._items.append(INTERRUPTION)
            self._changed.notify()

    def close(self) -> None:
        """No more will come: iteration ends when what is there has been taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T | Interruption]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._closed)
                if not self._items:
                    return
                item, hole = self._items.popleft(), self._hole
                self._hole = False
            yield item if isinstance(item, Interruption) or not hole else self._mark_gap(item)
