"""Period: the time that a page is about, cut into bins, with round ticks in local time."""

import math
import time
from collections.abc import Iterator
from typing import NamedTuple

from edged.errors import EdgedError

MOST_BINS = 100
MOST_TICKS = 8
HOUR_S, DAY_S = 3600, 86400
_HOURS, _DAYS = (1, 2, 3, 6, 12), (1, 2, 7, 14, 30, 90, 365)
STEPS_S = (60, 300, 600, 900, 1800, *(hours * HOUR_S for hours in _HOURS), *(days * DAY_S for days in _DAYS))


class Period(NamedTuple):
    """From one Unix time to a later one."""

    since_s: float
    until_s: float

    @property
    def length_s(self) -> float:
        """More than 0."""
        return self.until_s - self.since_s

    def share(self, at_s: float) -> float:
        """Where a time lies, from 0 to 1; what lies outside is at its edge."""
        return min(max((at_s - self.since_s) / self.length_s, 0.0), 1.0)

    @property
    def bin_s(self) -> int:
        """Length of a bin: there are at most ``MOST_BINS``, and one that is cut off at the beginning."""
        return _step_s(self.length_s, MOST_BINS)

    @property
    def first_bin_s(self) -> float:
        """Unix time: where the first one begins, at a round time of the day."""
        offset_s = _offset_s(self.since_s)
        return math.floor((self.since_s + offset_s) / self.bin_s) * self.bin_s - offset_s

    def bin_of(self, at_s: float) -> int:
        """The number of the bin that a time is in, from 0."""
        return int((at_s - self.first_bin_s) // self.bin_s)

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Round local times and what they are called."""
        step_s = _step_s(self.length_s, MOST_TICKS)
        offset_s = _offset_s(self.since_s)
        for number in range(
            math.ceil((self.since_s + offset_s) / step_s), math.floor((self.until_s + offset_s) / step_s) + 1
        ):
            at_s = number * step_s - _offset_s(number * step_s - offset_s)  # summer time may begin in between
            if self.since_s <= at_s <= self.until_s:
                yield at_s, _called(at_s, step_s)


def must_hold_time(period: Period) -> None:
    """EdgedError where it ends before it begins, or just then: nothing is within."""
    if period.length_s <= 0:
        told = f"{moment(period.since_s)} to {moment(period.until_s)}: must begin before it ends"
        raise EdgedError(f"--since, --until: {told}; name an earlier beginning or a later end")


def moment(at_s: float) -> str:
    """``2026-11-20 14:02:28``, local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_s))


def _step_s(length_s: float, most: int) -> int:
    coarsest = max(math.ceil(length_s / most), 1)
    return next((step for step in STEPS_S if step >= coarsest), coarsest)


def _offset_s(at_s: float) -> int:
    return time.localtime(at_s).tm_gmtoff


def _called(at_s: float, step_s: int) -> str:
    at = time.localtime(at_s)
    if step_s >= 30 * DAY_S:
        return time.strftime("%b %Y", at)
    return time.strftime("%d %b" if step_s >= DAY_S or not (at.tm_hour or at.tm_min) else "%H:%M", at)
