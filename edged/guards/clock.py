"""Clock: whether the box knows what time it is."""

from collections.abc import Callable

from edged.guards.guard import Seen
from edged.runtime.finding import Finding, Level
from edged.runtime.machine import clock_synchronised

FOUND = "is not synchronised: events say so, and their times may be wrong"
REMEDY = "see `timedatectl`; a box without a network needs a clock with a battery"


def judge(lasted_s: float | None, grace_s: float) -> Finding:
    """The rule. ``lasted_s``: how long it has not been synchronised; None: it is."""
    if lasted_s is None:
        return Finding(Level.OK, "clock", "")
    return Finding(Level.WARNING if lasted_s >= grace_s else Level.OK, "clock", FOUND, REMEDY)


class Clock:
    """Watches the system's clock."""

    name = "clock"

    def __init__(self, grace_s: float, synchronised: Callable[[], bool | None] = clock_synchronised) -> None:
        self._grace_s, self._synchronised = grace_s, synchronised
        self._lost_s: float | None = None

    def use(self, grace_s: float) -> None:
        """From now on wait so long before it counts."""
        self._grace_s = grace_s

    def look(self, now_s: float) -> Seen | None:
        """None where the kernel does not say."""
        synchronised = self._synchronised()
        if synchronised is None:
            return None
        self._lost_s = None if synchronised else now_s if self._lost_s is None else self._lost_s
        return Seen(judge(None if self._lost_s is None else now_s - self._lost_s, self._grace_s))
