"""StopFlag: a word to stop that a signal's handler may give."""

from contextlib import suppress
from queue import Empty, SimpleQueue


class StopFlag:
    """As threading.Event, but for one who waits, and a handler that comes while they do must not wait for their lock.

    An Event's lock may be held by the very thread that the handler interrupts; SimpleQueue's ``put`` is reentrant.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._woken: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Stop."""
        self._is_set = True
        self._woken.put(None)

    def is_set(self) -> bool:
        """Whether it was said."""
        return self._is_set

    def wait(self, timeout_s: float) -> bool:
        """Whether it is said, in time."""
        if not self._is_set:
            with suppress(Empty):
                self._woken.get(timeout=timeout_s)
        return self._is_set
