"""LoadShedding: how much of its work a box leaves undone for now. Quick to leave it, slow to take it up again."""

from enum import StrEnum


class Load(StrEnum):
    """How a box bears its work."""

    CALM = "calm"
    """It could do more."""
    FULL = "full"
    """It should not get more."""
    TOO_MUCH = "too much"
    """It cannot go on like this."""


MOST_TIMES = 16
"""A box that must shed again soon after it took work up waits twice as long before the next try, up to so many times
``down_s``."""


class LoadShedding:
    """The level of shedding: 0, where all is done, to ``levels``. Knows no clock: seconds come in and never go back."""

    def __init__(self, levels: int, up_s: float, down_s: float) -> None:
        """One level up after ``up_s`` of too much load without a break, one down after ``down_s`` of calm."""
        self.level = 0
        self._levels, self._up_s, self._down_s = levels, up_s, down_s
        self._patience_s = down_s
        self._load = Load.CALM
        self._since_s = float("-inf")  # that load, or that level, whichever is the younger
        self._fell_s = float("-inf")

    def use(self, levels: int, up_s: float, down_s: float) -> None:
        """From now on by these numbers; a level above ``levels`` is left with the next looks, whatever the load."""
        self._levels, self._up_s, self._down_s = levels, up_s, down_s
        self._patience_s = down_s

    def look(self, load: Load, now_s: float) -> int:
        """The level, now that the load is such."""
        if load is not self._load:
            self._load, self._since_s = load, now_s
        lasted_s = now_s - self._since_s
        if load is Load.TOO_MUCH and self.level < self._levels and lasted_s >= self._up_s:
            self._rise(now_s)
        elif self.level > self._levels or (load is Load.CALM and self.level > 0 and lasted_s >= self._patience_s):
            self.level -= 1
            self._since_s = self._fell_s = now_s
        return self.level

    def _rise(self, now_s: float) -> None:
        soon = now_s - self._fell_s < 2 * self._patience_s
        if soon:
            self._patience_s = min(2 * self._patience_s, MOST_TIMES * self._down_s)
        elif self.level == 0:
            self._patience_s = self._down_s
        self._fell_s = float("-inf")  # counts once
        self.level += 1
        self._since_s = now_s
