"""Way: where something went, in a few points however long it takes."""

import math

from edged.messages.objects import Waypoint

MOST_POINTS = 12
"""Of a way; the last of them is where it is now."""
STEP = 0.02
"""Of the picture's width or height: nearer to the point before, a place is not worth a point of its own."""


class Way:
    """At most ``MOST_POINTS``: when there are more, every second goes, and steps are twice as long from then on."""

    def __init__(self) -> None:
        self._turns: list[Waypoint] = []
        self._last: Waypoint | None = None
        self._step = STEP

    def add(self, place: Waypoint) -> None:
        """It is there now."""
        self._last = place
        if self._turns and math.dist(self._turns[-1][1:], place[1:]) < self._step:
            return
        self._turns.append(place)
        if len(self._turns) > MOST_POINTS - 1:
            self._turns = self._turns[::2]
            self._step *= 2

    @property
    def points(self) -> tuple[Waypoint, ...]:
        """From the first to the last place."""
        last = self._last
        return tuple(self._turns) if last is None or last in self._turns[-1:] else (*self._turns, last)

    @property
    def reach(self) -> float:
        """How far the last place is from the first, in shares of the picture."""
        points = self.points
        return math.dist(points[0][1:], points[-1][1:]) if points else 0.0
