"""Withheld: the stretches of a source's time that nobody may keep. Whoever keeps what it gives asks first."""

import threading
from collections import deque
from typing import NamedTuple

MOST_MARKS = 256
"""Stretches that are remembered; those that touch are one."""
OLD_S = 60.0
"""A stretch that ended so long before the newest word is forgotten: nobody holds anything back for so long."""


class Word(NamedTuple):
    """How far the source has been looked at."""

    number: int
    """Grows with every word."""
    until_s: float
    """Everything before has been looked at, and is marked where it may not be kept. Unix time."""


class Withheld:
    """Written by the one who looks at the source, read by those who keep it. Thread-safe. Unix times."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque(maxlen=MOST_MARKS)
        self._word = Word(0, float("-inf"))
        self._lock = threading.Lock()

    @property
    def word(self) -> Word:
        """The newest."""
        return self._word

    def mark(self, from_s: float, until_s: float) -> None:
        """That stretch may not be kept. To be called before it is cleared."""
        with self._lock:
            if self._marks and self._marks[-1][0] <= from_s <= self._marks[-1][1]:
                from_s, until_s = self._marks[-1][0], max(until_s, self._marks.pop()[1])
            self._marks.append((from_s, until_s))

    def clear(self, until_s: float) -> None:
        """All before ``until_s`` has been looked at."""
        with self._lock:
            while self._marks and self._marks[0][1] < until_s - OLD_S:
                self._marks.popleft()
            self._word = Word(self._word.number + 1, until_s)

    def within(self, from_s: float, until_s: float) -> list[tuple[float, float]]:
        """The marked stretches that touch that time."""
        with self._lock:
            return [mark for mark in self._marks if mark[0] < until_s and mark[1] > from_s]
