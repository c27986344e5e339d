"""Telling: when health is to be said. Thread-safe."""

import threading
import time
from collections.abc import Callable

from edged.runtime.token_bucket import TokenBucket

CHANGES_AT_ONCE = 3
"""So many changes may be said at once after a calm; then one a second, so that a part gone wild is no storm."""


class Telling:
    """Every ``interval_s`` and at each change. Asked every second, it lets no change wait for more than two."""

    def __init__(self, interval_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.interval_s, self._clock, self._lock = interval_s, clock, threading.Lock()
        self._changes = TokenBucket(1.0, CHANGES_AT_ONCE, clock)
        self._told, self._told_s = -1, float("-inf")

    def due(self, revision: int) -> bool:
        """Whether it is to be said now, with ``revision`` as it stands; True: it counts as said."""
        with self._lock:
            now_s = self._clock()
            changed, old = revision != self._told, now_s - self._told_s >= self.interval_s
            if not old and not (changed and self._changes.take()):
                return False
            self._told, self._told_s = revision, now_s
            return True
