"""Flapping: of a part that goes up and down again and again, bad news counts at once and good news only once it lasts.

Not thread-safe. Damping with hysteresis, as of routes in RFC 2439, by counting instead of by a decaying penalty.
"""

from collections import deque
from typing import NamedTuple

from edged.messages.health import State, worst

MOST_KEPT = 100
"""Falls that are remembered; a part that fell more often within the time reads as having fallen so often."""


class Damping(NamedTuple):
    """When a part flaps."""

    times: int = 5
    """More falls than this ..."""
    within_s: float = 300.0
    """... within so long are flapping,"""
    calm_s: float = 60.0
    """until there was none for so long. More than ``within_s / (times + 1)``, or the flapping itself would flap."""
    hold_s: float = 5.0
    """While it flaps, ``failing`` is shown for so long after it was last true."""


class Flapping:
    """Is told each state that a part says, and says what to show of it: never better than what the part says."""

    def __init__(self, damping: Damping) -> None:
        self._damping = damping
        self._said = State.STARTING
        self._was_up = True  # it has got better since it last fell, or has never fallen
        self._falls: deque[float] = deque(maxlen=MOST_KEPT)
        self._failing_until_s = float("-inf")

    def use(self, damping: Damping) -> None:
        """From now on that is flapping."""
        self._damping = damping

    def say(self, state: State, now_s: float) -> None:
        """The part's own word; ``off`` is meant to be so, and a fresh start."""
        before, self._said = _badness(self._said), state
        if state is State.OFF:
            self._was_up = True
            self._falls.clear()
        elif _badness(state) < before:
            self._was_up = True
            self._failing_until_s = now_s + self._damping.hold_s if before == 2 else self._failing_until_s
        elif _badness(state) > before and self._was_up:
            self._was_up = False
            self._falls.append(now_s)
            while now_s - self._falls[0] > self._damping.within_s:
                self._falls.popleft()

    def falls(self, now_s: float) -> int:
        """How often it fell within ``within_s``; 0 unless it flaps."""
        flaps = len(self._falls) > self._damping.times and now_s - self._falls[-1] < self._damping.calm_s
        return len(self._falls) if flaps else 0

    def shown(self, now_s: float) -> State:
        """As said; while it flaps at least ``degraded``."""
        if not self.falls(now_s):
            return self._said
        return worst((self._said, State.FAILING if now_s < self._failing_until_s else State.DEGRADED))

    def words(self, now_s: float) -> str:
        """``flaps: 6 times in 5 min``; empty unless it does."""
        times = self.falls(now_s)
        return f"flaps: {times} times in {self._damping.within_s / 60:g} min" if times else ""


def _badness(state: State) -> int:
    return 0 if state.is_well else 1 if state is State.DEGRADED else 2
