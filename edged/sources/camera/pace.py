"""Pace: which of a camera's frames are looked at."""

from collections.abc import Callable

LEAST_FPS = 1.0
"""However little is to be done: a camera that gives no frame for some seconds counts as lost."""
ROUNDING = 1e-6


class Pace:
    """Which frames to look at, so that there are at most ``max_fps`` a second, evenly."""

    def __init__(self, max_fps: float) -> None:
        self._period_s, self._next_s = 1 / max_fps, 0.0

    def due(self, at_s: float) -> bool:
        """Whether the frame at that time is to be looked at. Times must not go back."""
        if at_s < self._next_s - ROUNDING:
            return False
        self._next_s = max(self._next_s, at_s - self._period_s) + self._period_s
        return True


class Thinning:
    """Which frames to look at, so that it is a share of them, evenly; the first one is.

    A share of the frames and not of the time: of a camera that is slow anyway, too, a half is a half.
    """

    def __init__(self) -> None:
        self._credit = 1.0

    def due(self, share: float, *, ready: bool = True) -> bool:
        """Whether the next frame is one of them. ``share``: of it and those to come, 1 or more is all.

        ``ready``: whether it could be looked at; else the one after it will do.
        """
        self._credit = min(self._credit + share, 1.0 + share)
        if self._credit < 1.0 - ROUNDING or not ready:
            return False
        self._credit -= 1.0
        return True


class SharedPace:
    """A pace that leaves out more while a share of the frames has to do; each that goes for that reason is counted."""

    def __init__(self, max_fps: float, share: Callable[[], float], shed: Callable[[], None]) -> None:
        """``share``: in (0, 1], asked for each frame that is due; ``shed`` is told of each left out for that."""
        self._share, self._shed = share, shed
        self._pace, self._thinning, self._taken_s = Pace(max_fps), Thinning(), 0.0

    def due(self, at_s: float) -> bool:
        """As :meth:`Pace.due`; never less than ``LEAST_FPS``, where there are as many."""
        if not self._pace.due(at_s):
            return False
        if self._thinning.due(self._share()) or at_s - self._taken_s >= 1 / LEAST_FPS:
            self._taken_s = at_s
            return True
        self._shed()
        return False
