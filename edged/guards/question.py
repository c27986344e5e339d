"""Question: asks what may never answer, such as the file system of a server that is gone, and never waits for long."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

WAIT_S = 0.2
"""So long an answer is waited for; one that comes later is taken the next time."""


class Question(Generic[T]):
    """One thread at most waits for the answer. Use it from one thread."""

    def __init__(self, name: str, ask: Callable[[], T], every_s: float) -> None:
        """``ask`` is asked no more often than ``every_s``, and never again while it has not answered."""
        self._name, self._ask, self._every_s = name, ask, every_s
        self._thread: threading.Thread | None = None
        self._asked_s = float("-inf")
        self.answer: T | None = None
        """The last one; None: there is none, or it was an error."""
        self.error: Exception | None = None
        """What it raised in place of an answer."""

    def ask(self, now_s: float) -> float:
        """Ask anew where it is time. Returns for how many seconds an answer has been waited for; 0: it is there."""
        if not self._open and now_s - self._asked_s >= self._every_s:
            self._asked_s = now_s
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
            self._thread.join(WAIT_S)
        return now_s - self._asked_s if self._open else 0.0

    @property
    def _open(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        try:
            answer, error = self._ask(), None
        except Exception as fault:  # whoever reads the answer judges it
            answer, error = None, fault
        self.answer, self.error = answer, error
