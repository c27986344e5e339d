"""StopFlag: a word to stop that a signal's handler may give."""

import threading
from contextlib import suppress


class StopFlag:
    """As threading.Event, but for one who waits, and a handler that comes while they do must not wait for their lock.

    An Event's lock may be held by the very thread that the handler interrupts; a bare lock's ``release`` waits for
    nobody. Nor is it a SimpleQueue: CPython's ``get`` waits for ever where a handler lasts beyond its timeout.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._waited_for = threading.Lock()
        self._waited_for.acquire()

    def set(self) -> None:
        """Stop."""
        self._is_set = True
        with suppress(RuntimeError):  # it was said before
            self._waited_for.release()

    def is_set(self) -> bool:
        """Whether it was said."""
        return self._is_set

    def wait(self, timeout_s: float) -> bool:
        """Whether it is said, in time."""
        if not self._is_set:
            self._waited_for.acquire(timeout=timeout_s)
        return self._is_set
