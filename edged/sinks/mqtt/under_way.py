"""UnderWay: what was sent and not yet answered, whichever of the two is noted first. Thread-safe."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

Then = Callable[[int, str], None]
"""What to do with the broker's reason code and its words."""


class Sent(NamedTuple):
    """One publication."""

    then: Then
    seq: int
    """Of an event message; 0 for others."""
    topic: str = ""


class UnderWay:
    """By paho's message id. paho may tell of an answer before ``publish`` has returned the id."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._moved_s = 0.0  # when something was answered, or first had to be
        self._sent: dict[int, Sent] = {}
        self._answers: dict[int, tuple[int, str]] = {}
        self._sent_s = 0.0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sent)

    def is_empty(self) -> bool:
        """Whether all was answered."""
        return not self._sent

    def sent(self, mid: int, sent: Sent) -> None:
        """It is on its way."""
        with self._lock:
            self._sent_s = self._clock()
            answer = self._answers.pop(mid, None)
            if answer is None:
                self._moved_s = self._moved_s if self._sent else self._sent_s
                self._sent[mid] = sent
        if answer is not None:
            sent.then(*answer)

    def answered(self, mid: int, code: int, words: str) -> None:
        """The broker's word on it; it is under way until ``then`` has done with it."""
        with self._lock:
            sent = self._sent.get(mid)
            if sent is None:
                self._answers[mid] = (code, words)
                return
        sent.then(code, words)
        with self._lock:
            del self._sent[mid]
            self._moved_s = self._clock()

    def stuck_for(self, s: float) -> bool:
        """Whether something is under way and nothing was answered for so long."""
        with self._lock:
            return bool(self._sent) and self._clock() - self._moved_s > s

    @property
    def quiet_s(self) -> float:
        """How long ago something was last sent."""
        return self._clock() - self._sent_s

    def give_up(self) -> list[Sent]:
        """Forget all, as the connection is over; returns what was not answered, in the order in which it was sent."""
        with self._lock:
            unanswered = list(self._sent.values())
            self._sent.clear()
            self._answers.clear()
            return unanswered
