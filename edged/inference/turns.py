"""Turns: threads that ask the same accelerator wait for their turn, as :class:`FairQueue` has it."""

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from edged.config import Section, Slug
from edged.errors import EdgedError, StaleError
from edged.inference.fair_queue import FairQueue, Request
from edged.inference.work import Rank, Work, current

IN_A_ROW_S = 0.05
"""A source may be so far ahead of the others while its model is loaded; ten times what a swap of parameters costs."""


LONGEST_S = 4.0
"""A thread that waits is stuck to the watchdog, after 5 s."""


class TurnsConfig(Section):
    """Who goes first where several sources need the same accelerator or the CPU. Sound always does."""

    weights: dict[Slug, Annotated[float, Field(gt=0, le=100)]] = Field({}, max_length=64)
    """Shares of sources that count for more or less than the others, such as {door: 2}; of those not named: 1."""
    frame_s: float = Field(1.0, ge=0.05, le=LONGEST_S)
    """A frame that a model has not begun to look at by then is dropped and counted at its source as `stale`."""
    sound_s: float = Field(LONGEST_S, ge=0.5, le=LONGEST_S)
    """The same of sound."""


class NotInTimeError(EdgedError):
    """The turn did not come within the limit that was given; the answer would still be of use."""


@dataclass(slots=True, eq=False)
class Turn(Request):
    """A request whose thread waits."""

    cost_s: float | None = None
    """What it has cost; None: as long as it took."""
    runs: bool | None = None
    """None as long as it waits."""
    settled: threading.Event | None = None
    """Of one that had to wait."""


class Turns:
    """Of one accelerator, or of the CPU. Thread-safe."""

    def __init__(self, places: int, *, alike: int = 1, kept: int = 0, in_a_row_s: float = 0.0) -> None:
        """As :class:`FairQueue`."""
        self._queue = FairQueue(places, alike=alike, kept=kept, in_a_row_s=in_a_row_s)
        self._lock = threading.Lock()
        self._clock: Callable[[], float] = time.monotonic

    @contextmanager
    def turn(self, model: str, until_s: float = math.inf) -> Iterator[Turn]:
        """While it lasts, the accelerator is the thread's, for one inference by ``model``.

        StaleError where the thread's work is of no more use; NotInTimeError where it was ``until_s`` before that.
        """
        work, now_s = current(), self._clock()
        turn = Turn(work.source, work.rank, model, work.weight, min(work.until_s, until_s), work.is_superseded)
        with self._lock:
            if self._queue.put(turn):
                self._let_in(now_s)
                turn.settled = threading.Event() if turn.runs is None else None
        self._await(turn)
        if not turn.runs:
            self._refuse(work)
        work.touched()
        try:
            yield turn
        finally:
            with self._lock:
                now_s = self._clock()
                self._queue.done(turn, now_s - turn.began_s if turn.cost_s is None else turn.cost_s)
                self._let_in(now_s)

    def usual_s(self, model: str) -> float:
        """What one inference of the model costs here, usually; 0 where there has been none."""
        with self._lock:
            return self._queue.cost_s(model)

    def video_ends_in_s(self) -> float | None:
        """How long sound would wait here for video that is under way; None where there has been none of late."""
        with self._lock:
            return self._queue.video_ends_in_s(self._clock())

    def _let_in(self, now_s: float) -> None:
        for turn, runs in self._queue.take(now_s):
            if isinstance(turn, Turn):  # for mypy: they all are
                turn.runs = runs
                if turn.settled:
                    turn.settled.set()

    def _await(self, turn: Turn) -> None:
        while turn.settled and turn.runs is None:
            left_s = turn.until_s - self._clock()
            if turn.settled.wait(None if left_s == math.inf else max(0.0, left_s)):
                return
            with self._lock:
                self._let_in(self._clock())  # those who are too late leave the queue with it

    def _refuse(self, work: Work) -> None:
        if work.source and (work.rank is Rank.VIDEO or self._clock() >= work.until_s):
            work.left()
            raise StaleError(f"{work.source}: is of no more use")
        raise NotInTimeError("others are served")


def of_the_cpu() -> Turns:
    """As many of video at a time as there are cores; one core is kept for sound once there is any."""
    return Turns(len(os.sched_getaffinity(0)), kept=1)


def of_an_accelerator() -> Turns:
    """One that is under way and one that waits on the device's side, so that it need not wait for us."""
    return Turns(2, alike=2, in_a_row_s=IN_A_ROW_S)
