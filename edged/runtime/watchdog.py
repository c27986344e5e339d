"""Watchdog: the box's sign of life, which is given only while every part that has begun something also ends it.

An idle part is well: that its source is silent is the source's health. A part that is at one thing for too long is
stuck, and then there is no sign of life: systemd aborts edged (SIGABRT), and where no systemd watches, a switch of our
own ends it. Both ways every thread's stack is on standard error, even of a thread that holds Python's global lock.
"""

import faulthandler
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from types import FrameType
from typing import NamedTuple, Self

from edged.messages.health import State
from edged.runtime.health import Health
from edged.runtime.service_manager import notify, watchdog_s

LIMIT_S = 5.0
"""For one item of a pipeline; a hung accelerator is answered for by the CPU long before."""
TICK_S = 1.0
"""So often the watchdog wants to look, at least."""
SWITCH_S = 30.0
"""Without systemd: so long after the last sign of life edged ends, with status 1."""
SIGNS_S = 5.0
"""Without systemd: a sign of life so often."""
STOP_WITHIN_S = 9.5
"""For all that is done to stop, should every part of it hang. What was accepted is on disk."""
STUCK = "stuck at one item"
"""The condition in a part's health."""
STANDARD_ERROR = 2

log = logging.getLogger(__name__)


class Stuck(NamedTuple):
    """What a part has been at for too long."""

    for_s: float
    thread_id: int


class Pulse:
    """Since when a thread has been at one thing: ``with pulse: ...`` around each, or :meth:`beat` before each."""

    def __init__(self, limit_s: float = LIMIT_S, clock: Callable[[], float] = time.monotonic) -> None:
        """``limit_s``: the longest that one thing may take."""
        self._limit_s, self._clock = limit_s, clock
        self._at: tuple[float, int] | None = None  # one value: it is read by another thread

    def beat(self) -> None:
        """This thread begins with the next thing."""
        self._at = (self._clock(), threading.get_ident())

    def rest(self) -> None:
        """It has nothing to do, for however long."""
        self._at = None

    def __enter__(self) -> Self:
        self.beat()
        return self

    def __exit__(self, *_: object) -> None:
        self.rest()

    def stuck(self) -> Stuck | None:
        """None: it is not."""
        at = self._at
        if at is None or (for_s := self._clock() - at[0]) <= self._limit_s:
            return None
        return Stuck(for_s, at[1])


class Watchdog:
    """Looks at all pulses, tells of those that are stuck, and gives the sign of life while there are none."""

    def __init__(
        self,
        pulses: Callable[[], Mapping[str, Pulse]],
        health: Health,
        give_sign: Callable[[], object],
        interval_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``pulses``: by the names of their parts in ``health``, as they come and go; a sign each ``interval_s``."""
        self._pulses, self._health, self._give_sign, self._clock = pulses, health, give_sign, clock
        self._interval_s = interval_s
        self.tick_s = min(TICK_S, interval_s / 2)
        """:meth:`tick` is to be called so often."""
        self._given_s = -interval_s
        self._told: set[str] = set()

    def tick(self) -> None:
        """Called from the main thread, whose own sign of life it so is as well."""
        self._tell({name: stuck for name, pulse in self._pulses().items() if (stuck := pulse.stuck())})
        now_s = self._clock()
        if not self._told and now_s - self._given_s >= self._interval_s - self.tick_s / 2:
            self._given_s = now_s
            self._give_sign()

    def _tell(self, stuck: Mapping[str, Stuck]) -> None:
        """In health at once, and in the log, with where it is: should it come back, nobody would ever know."""
        for name in stuck.keys() - self._told:
            frame = frame_of(stuck[name].thread_id)
            stack = "".join(traceback.format_stack(frame)) if frame else ""
            log.error("%s", f"{STUCK}\n{stack}", extra={**about(name), "at": place(frame)})
            self._health.part(name).condition(STUCK, on=True, lasted_s=stuck[name].for_s)
        for name in self._told - stuck.keys():
            log.warning("no longer stuck", extra=about(name))
            self._health.part(name).condition(STUCK, on=False)
        if stuck.keys() != self._told:
            self._told = set(stuck)
            reason = f"no sign of life, as these are stuck: {', '.join(sorted(stuck))}; edged is about to start anew"
            self._health.part("watchdog").set(*((State.FAILING, reason) if stuck else (State.OK,)))


class Switch:
    """Ends the process, with every thread's stack on standard error, unless it is set anew in time."""

    def __init__(self, limit_s: float = SWITCH_S) -> None:
        self._limit_s = limit_s

    def __call__(self) -> None:
        """Begin to count, from nothing."""
        faulthandler.dump_traceback_later(self._limit_s, exit=True, file=STANDARD_ERROR)

    @staticmethod
    def release() -> None:
        """Whatever switch is set, it is not any longer."""
        faulthandler.cancel_dump_traceback_later()


def make_watchdog(pulses: Callable[[], Mapping[str, Pulse]], health: Health) -> Watchdog:
    """Twice as many signs as systemd wants; or to a switch of our own, where it does not watch."""
    if (wanted_s := watchdog_s()) is None:
        return Watchdog(pulses, health, Switch(), SIGNS_S)
    return Watchdog(pulses, health, lambda: notify("WATCHDOG=1"), wanted_s / 2)


def frame_of(thread_id: int) -> FrameType | None:
    """Where a thread is right now; None: it is not any longer."""
    return sys._current_frames().get(thread_id)  # noqa: SLF001  # CPython's documented way


def about(part: str) -> dict[str, str]:
    """What a line of the log about a part has besides; the journal finds a pipeline's by ``EDGED_PIPELINE=``."""
    kind, _, name = part.partition(".")
    return {"part": part, "pipeline": name} if kind == "pipelines" else {"part": part}


def place(frame: FrameType | None) -> str:
    """The innermost line of edged's own that a thread is at: ``edged.stages.classify_sound:41``."""
    ours = __name__.partition(".")[0]
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] != ours:
        frame = frame.f_back
    return "" if frame is None else f"{frame.f_globals['__name__']}:{frame.f_lineno}"
