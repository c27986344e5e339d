"""Trend: whether something grows, and how sure that is. Pure functions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Z_95 = 1.96


class Trend(NamedTuple):
    """A straight line's slope, a unit an hour, with its 95 % confidence interval."""

    per_hour: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.per_hour:+.2f} an hour (95 %: {self.low:+.2f} to {self.high:+.2f})"


def slope(at_s: ArrayLike, values: ArrayLike) -> Trend | None:
    """Least squares through samples, shape (n,); None for fewer than ten.

    Samples of memory follow one another, so that they tell less than as many independent ones: the standard error is
    that of n (1 - r) / (1 + r) samples, with r the residuals' correlation from one to the next (Bayley and Hammersley,
    1946).
    """
    x, y = np.asarray(at_s, np.float64) / 3600.0, np.asarray(values, np.float64)
    if len(x) < 10 or np.ptp(x) == 0.0:
        return None
    per_hour, offset = np.polyfit(x, y, 1)
    residuals = y - (per_hour * x + offset)
    variance = np.sum(residuals**2) / (len(x) - 2) / np.sum((x - x.mean()) ** 2)
    error = float(np.sqrt(variance * len(x) / _effective(residuals)))
    return Trend(float(per_hour), float(per_hour) - Z_95 * error, float(per_hour) + Z_95 * error)


def _effective(residuals: Array) -> float:
    """How many independent samples these are worth; at least three."""
    power = float(np.sum(residuals**2))
    r = float(np.sum(residuals[1:] * residuals[:-1])) / power if power > 0.0 else 0.0
    r = min(max(r, 0.0), 0.999)
    return max(3.0, len(residuals) * (1.0 - r) / (1.0 + r))


def growth(values: ArrayLike) -> float | None:
    """The median of the last third less that of the first; None for fewer than nine."""
    y = np.asarray(values, np.float64)
    third = len(y) // 3
    return float(np.median(y[-third:]) - np.median(y[:third])) if third >= 3 else None
