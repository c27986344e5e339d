"""Histogram: how long a step takes, since the start and in the last hour. Thread-safe, of fixed size, 0.5 µs a time."""

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import inf
from typing import NamedTuple

from edged.messages.health import Latency

BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the buckets; one more holds all above. For what takes from a tenth of a millisecond to seconds."""
SLOT_S = 300.0
SLOTS = 12
"""The last hour is so many slots of so long, of which the last is not over yet: 55 to 60 minutes."""


class _Slot(NamedTuple):
    number: int
    counts: list[int]
    most_s: float


class Histogram:
    """Counts by buckets."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._sum_s = self._most_s = 0.0
        self._before = _none()  # all that is no longer in the slot at hand
        self._past: deque[_Slot] = deque(maxlen=SLOTS - 1)
        self._begin(int(clock() // SLOT_S))

    def observe(self, took_s: float) -> None:
        """It took so long. What cannot be (below 0 after a clock was set, no number) is left out."""
        if not 0.0 <= took_s < inf:
            return
        at = bisect_left(BOUNDS_S, took_s)
        with self._lock:
            if self._clock() >= self._ends_s:
                self._turn()
            self._recent[at] += 1
            self._sum_s += took_s
            if took_s > self._most_s:  # noqa: PLR1730  # max() would take a third of the time of it all
                self._most_s = took_s

    def snapshot(self) -> Latency:
        """As it is now."""
        with self._lock:
            self._turn()
            slots = [one for one in self._past if self._slot - one.number < SLOTS]
            counts = _sums(self._recent, *(one.counts for one in slots))
            most_s = max(self._most_s, *(one.most_s for one in slots), 0.0)
            buckets = tuple(zip((*BOUNDS_S, inf), accumulate(_sums(self._before, self._recent)), strict=True))
            sum_s = self._sum_s
        p50_s, p95_s = quantile(counts, 0.5, most_s), quantile(counts, 0.95, most_s)
        return Latency(round(p50_s * 1e3, 3), round(p95_s * 1e3, 3), round(most_s * 1e3, 3), buckets, sum_s)

    def _turn(self) -> None:
        """Begin another slot where it is time."""
        slot = int(self._clock() // SLOT_S)
        if slot != self._slot:
            self._past.append(_Slot(self._slot, self._recent, self._most_s))
            self._before = _sums(self._before, self._recent)
            self._begin(slot)

    def _begin(self, slot: int) -> None:
        self._slot, self._ends_s = slot, (slot + 1) * SLOT_S
        self._recent, self._most_s = _none(), 0.0


def quantile(counts: Sequence[int], share: float, most_s: float) -> float:
    """Seconds that ``share`` of all stay within, by a straight line through its bucket; 0 where there are none.

    ``most_s``: the longest. At most one bucket off: the bounds are a factor of 2 to 3 apart.
    """
    rank, below, low_s = share * sum(counts), 0, 0.0
    for count, bound_s in zip(counts, (*BOUNDS_S, inf), strict=True):
        high_s = min(bound_s, most_s)
        if count and below + count >= rank:
            return low_s + (high_s - low_s) * (rank - below) / count
        below, low_s = below + count, bound_s
    return 0.0


def _none() -> list[int]:
    return [0] * (len(BOUNDS_S) + 1)


def _sums(*columns: list[int]) -> list[int]:
    return [sum(row) for row in zip(*columns, strict=True)]
