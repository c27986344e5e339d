"""SampleRate: does sound come as fast as it should? A device whose clock is off, or that loses samples, keeps mum."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from edged.messages.sound import Chunk

POINT_S = 1.0
"""Of each such stretch the chunk that came with the least delay counts: a busy box takes chunks late, never early."""
LOOKS_BACK = (60, 40, 28, 20, 14, 10, 8, 6, 4)
"""Points that are looked at together, the most exact first. So much is remembered, and no more."""
LEAST_S = 0.25
"""Sound must be so far ahead or behind: less may be jitter. Off by 8 % that takes 4 s, by 1.8 % 14 s, by 0.5 % 60 s."""
LEAST_SHARE = 0.4
"""Of it in either half of the time: drift goes on, while a hole in the sound (or a full buffer) is there once."""


@dataclass(frozen=True, slots=True)
class LiveChunk(Chunk):
    """A chunk of a source that has no other pace than its own."""

    taken_s: float = 0.0
    """When its last sample was taken, by :func:`clock_s`."""


class Point(NamedTuple):
    """How late sound was at one time."""

    taken_s: float
    delay_s: float
    """The time by the clock less the stream's own; only its changes mean something."""


def clock_s() -> float:
    """Seconds by a clock that nobody sets or slews: chrony may let the others gain 8 % for a while."""
    return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)


def rate_error(points: Sequence[Point]) -> float:
    """The share of samples that came too many (or, negative, too few) of late: 0.018 is 1.8 %; 0 where none is sure.

    ``points``: about one every POINT_S, the oldest first.
    """
    for back in LOOKS_BACK:
        if len(points) <= back:
            continue
        first, middle, last = points[-back - 1], points[-back // 2 - 1], points[-1]
        ahead_s = first.delay_s - last.delay_s
        halves = first.delay_s - middle.delay_s, middle.delay_s - last.delay_s
        if abs(ahead_s) >= LEAST_S and min(half / ahead_s for half in halves) >= LEAST_SHARE:
            return ahead_s / (last.taken_s - first.taken_s)
    return 0.0


class SampleRate:
    """Remembers how late the sound of one source was in the last minute."""

    def __init__(self) -> None:
        self._points: deque[Point] = deque(maxlen=LOOKS_BACK[0] + 1)
        self._least: Point | None = None
        self._until_s = self._end_s = self._error = 0.0

    def __call__(self, chunk: LiveChunk) -> float:
        """As :func:`rate_error`, with this chunk; a stream that begins anew is measured anew."""
        if chunk.span.end_s <= self._end_s:
            self._points.clear()
            self._least, self._error = None, 0.0
        self._end_s = chunk.span.end_s
        point = Point(chunk.taken_s, chunk.taken_s - chunk.span.end_s)
        if self._least is None or point.taken_s >= self._until_s:
            if self._least:
                self._points.append(self._least)
                self._error = rate_error(self._points)
            self._least, self._until_s = point, point.taken_s + POINT_S
        elif point.delay_s < self._least.delay_s:
            self._least = point
        return self._error
