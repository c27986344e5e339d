"""Outbox: where every event goes first, and where it stays until the broker has acknowledged it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from edged.messages.event import Event
from edged.messages.wire import EventMessage, event_message

CAPACITY = 10_000
"""Messages kept; about 10 MB."""


class Outbox:
    """Keeps events in memory, in order, without a hole in their numbers; full, the oldest is dropped and counted.

    Followers are told of each event once it is kept. Thread-safe: any pipeline accepts, one sender takes.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._followers: list[Callable[[EventMessage], None]] = []
        self._waiting: OrderedDict[int, EventMessage] = OrderedDict()
        self._accepting = threading.Lock()  # keeps followers in order; held while they run, so nobody else may need it
        self._changed = threading.Condition()
        self._seq = 0
        self._taken = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def follow(self, follower: Callable[[EventMessage], None]) -> None:
        """From now on tell ``follower`` of each event, once it is kept and in order."""
        self._followers.append(follower)

    def __call__(self, event: Event) -> None:
        """Accept an event: number it, keep it, tell the followers."""
        with self._accepting:
            message = self._keep(event)
            for follower in self._followers:
                follower(message)

    def _keep(self, event: Event) -> EventMessage:
        with self._changed:
            self._seq += 1
            message = event_message(event, self._seq, time.time())
            self._waiting[message.seq] = message
            if len(self._waiting) > self._capacity:
                self._waiting.popitem(last=False)
                self.dropped += 1
            self._changed.notify_all()
            return message

    def take(self, timeout_s: float) -> EventMessage | None:
        """The next message that was not taken yet; None when none comes in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._seq > self._taken, timeout_s)
            for seq in range(self._taken + 1, self._seq + 1):
                self._taken = seq
                if message := self._waiting.get(seq):
                    return message
            return None

    def acknowledge(self, seq: int) -> None:
        """The broker has it: forget it."""
        with self._changed:
            self._waiting.pop(seq, None)
            self._changed.notify_all()

    def wait_until_empty(self, timeout_s: float) -> bool:
        """True when everything has been acknowledged in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)
