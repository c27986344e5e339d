"""Growth: whether something grows steadily, as memory does that leaks."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

SAMPLE_S = 300.0
SAMPLES = 72
"""Six hours of them, and no more are kept."""


def slope(at_s: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """By how much ``values`` (n,) grow a second: the median of the slopes between any two (Theil 1950, Sen 1968).

    Up to 29 % of them may be anything.
    """
    first, second = np.triu_indices(len(values), 1)
    return float(np.median((values[second] - values[first]) / (at_s[second] - at_s[first])))


def steady_slope(at_s: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """By how much they grow a second all the time; 0: they do not.

    The least of each third of the time must grow as well: a step grows once, and what is given back does not at all.
    """
    floors = np.array([third.min() for third in np.array_split(values, 3)])
    rises = np.diff(floors) / ((at_s[-1] - at_s[0]) / 3)
    return max(0.0, min(slope(at_s, values), float(rises.min())))


class Growth:
    """Samples of one figure; of each five minutes the least, since a peak is no leak."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=SAMPLES)
        self._began_s: float | None = None
        self._least = float("inf")
        self.per_hour = 0.0
        """By how much it grows steadily; 0: it does not, or has not been watched for long enough."""

    def add(self, value: float, now_s: float) -> None:
        """The figure as it is now."""
        if self._began_s is None:
            self._began_s = now_s
        self._least = min(self._least, value)
        if now_s - self._began_s >= SAMPLE_S:
            self._samples.append((now_s, self._least))
            self._began_s, self._least = now_s, float("inf")
            self.per_hour = self._judged()

    @property
    def hours(self) -> float:
        """How long it has been watched, as far as it is remembered."""
        return (self._samples[-1][0] - self._samples[0][0]) / 3600 if self._samples else 0.0

    def _judged(self) -> float:
        if len(self._samples) < SAMPLES:
            return 0.0
        at_s, values = np.array(self._samples).T
        return steady_slope(at_s, values) * 3600
