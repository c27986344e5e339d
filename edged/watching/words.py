"""Text and figures from the wire, made fit for a terminal: whatever they are, nothing breaks and nothing obeys."""

import math
import time
from collections.abc import Iterable
from datetime import datetime

UNKNOWN = "–"
UNTOLD = "?"
"""In place of a figure that cannot be."""
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_MOST = 9999
_MOST_NAMED = 4


def printable(text: str, most: int = 120) -> str:
    """Without what a terminal might obey (controls, escapes, marks of direction), and of at most so many characters."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:most])
    return shown + "…" if len(text) > most else shown


def among(names: Iterable[str]) -> str:
    """``gate, yard and 3 more``, each made printable."""
    shown = [printable(name, 40) for name in names]
    more = len(shown) - _MOST_NAMED
    return ", ".join(shown[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def duration(span_s: float) -> str:
    """``8 s``, ``12 min``, ``3 h`` or ``40 d``."""
    if not math.isfinite(span_s):
        return UNTOLD
    unit_s, unit = next(((s, name) for s, name in _SPANS if span_s >= s), (1, "s"))
    return f"{int(min(max(span_s, 0) / unit_s, _MOST))} {unit}"


def score(value: float) -> str:
    """A confidence in [0, 1]."""
    return f"{value:.2f}" if 0 <= value <= 1 else UNTOLD


def loudness(a_weighted_db_spl: float | None, rms_dbfs: float) -> str:
    """Sound pressure where it is known."""
    value, unit = (rms_dbfs, "dBFS") if a_weighted_db_spl is None else (a_weighted_db_spl, "dBA")
    return f"{value:.0f} {unit}" if abs(value) < 1000 else UNTOLD


def temperature(value_c: float | None) -> str:
    """In degrees Celsius."""
    if value_c is None:
        return UNKNOWN
    return f"{value_c:.0f} °C" if abs(value_c) < 1000 else UNTOLD


def count(number: int) -> str:
    """How many."""
    if number < 0:
        return UNTOLD
    return str(number) if number < 1_000_000 else "10⁶ +"


def unix_s(time_of_day: str) -> float | None:
    """Unix time of an RFC 3339 time; None where it is none."""
    try:
        return datetime.fromisoformat(time_of_day).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def clock_time(at_s: float | None, now_s: float) -> str:
    """Local time, 8 characters or 11: ``14:02:28``; of another day ``11-20 14:02``."""
    if at_s is None:
        return "--:--:--"
    at, now = time.localtime(at_s), time.localtime(now_s)
    return time.strftime("%H:%M:%S" if at[:3] == now[:3] else "%m-%d %H:%M", at)
