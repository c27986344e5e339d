"""Pace: which of a camera's frames are looked at."""

from collections.abc import Callable

LEAST_FPS = 1.0
"""However little is to be done: a camera that gives no frame for some seconds counts as lost."""


class Pace:
    """Which frames to look at, so that there are at most ``max_fps`` a second, evenly."""

    def __init__(self, max_fps: float) -> None:
        self._period_s, self._next_s = 1 / max_fps, 0.0

    def set_fps(self, max_fps: float) -> None:
        """At most so many a second from the last one on."""
        self._next_s += 1 / max_fps - self._period_s
        self._period_s = 1 / max_fps

    def due(self, at_s: float) -> bool:
        """Whether the frame at that time is to be looked at. Times must not go back."""
        if at_s < self._next_s - 1e-6:  # rounding
            return False
        self._next_s = max(self._next_s, at_s - self._period_s) + self._period_s
        return True


class SharedPace:
    """A pace that leaves out more while a share of the frames has to do; each that goes for that reason is counted."""

    def __init__(self, max_fps: float, share: Callable[[], float], shed: Callable[[], None]) -> None:
        """``share``: of ``max_fps``, in (0, 1], asked for each frame; ``shed`` is told of each left out for that."""
        self._max_fps, self._share, self._shed = max_fps, share, shed
        self._usual, self._limited = Pace(max_fps), Pace(max_fps)

    def due(self, at_s: float) -> bool:
        """As :meth:`Pace.due`."""
        if not self._usual.due(at_s):
            return False
        self._limited.set_fps(max(self._max_fps * self._share(), min(self._max_fps, LEAST_FPS)))
        if self._limited.due(at_s):
            return True
        self._shed()
        return False
