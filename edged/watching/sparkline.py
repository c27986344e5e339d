"""Sparkline: figures in [0, 1] as a row of small bars."""

import math
from collections.abc import Iterable

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Iterable[float]) -> str:
    """One bar a value, the eighth of [0, 1] that it is in; what is beyond stands at the edge, no number is a blank."""
    return "".join(_bar(value) for value in values)


def _bar(value: float) -> str:
    if math.isnan(value):
        return " "
    return _BARS[int(min(max(value, 0.0), 1.0) * 7.999)]
