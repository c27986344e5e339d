"""Turns: one thread does the work of all that ask for it meanwhile."""

import threading
from collections.abc import Callable


class Turns:
    """Many events at once become one commit. Thread-safe.

    A lock alone would not do that: whoever gives it back and asks at once gets it again, before those who wait.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        """``work`` does all that is there; it is never called by two threads at once."""
        self._work = work
        self._changed = threading.Condition()
        self._busy = False
        self.asked = self._done = 0
        """How often it was asked, and how many of these calls were served."""

    def ask(self) -> None:
        """Return when ``work`` was called after this call had begun, here or on another thread; raises what it raises.

        On the thread that called it only.
        """
        with self._changed:
            self.asked += 1
            mine = self.asked
            while self._busy and self._done < mine:
                self._changed.wait()
            if self._done >= mine:
                return
            self._busy, done = True, self.asked
        try:
            self._work()
        finally:
            with self._changed:
                self._busy, self._done = False, done
                self._changed.notify_all()
