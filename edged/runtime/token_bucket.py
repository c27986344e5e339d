"""TokenBucket: how often something may happen, with some of it at once."""

import time
from collections.abc import Callable


class TokenBucket:
    """Holds ``burst`` tokens at most and gains ``per_s`` of them a second. Not thread-safe."""

    def __init__(self, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._burst, self._clock = per_s, burst, clock
        self._tokens, self._at_s = burst, clock()

    def take(self) -> bool:
        """True, and a token less, where there is a whole one."""
        now_s = self._clock()
        self._tokens = min(self._burst, self._tokens + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
