"""Shedding: what the box leaves undone, in a stated order, and says so."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from edged.guards.load_config import LoadConfig
from edged.messages.health import State
from edged.runtime.health import Part
from edged.runtime.load import Load, LoadShedding

log = logging.getLogger(__name__)


class Step(NamedTuple):
    """One thing that can be left undone."""

    about: str
    """``faces``; a later step about the same goes further."""
    how: str
    """``at half rate``."""
    apply: Callable[[bool], None]
    """True: leave it undone from now on; False: take it up again. From any thread."""
    is_there: Callable[[], bool] = lambda: True
    """Whether this box does such a thing now."""


class Shedding:
    """Takes the steps, one after another, and back. All its calls come from one thread."""

    def __init__(
        self, config: LoadConfig, steps: Sequence[Step], health: Part, unix_s: Callable[[], float] = time.time
    ) -> None:
        self._steps, self._health, self._unix_s = steps, health, unix_s
        self._levels = LoadShedding(len(steps) if config.shed else 0, config.up_s, config.down_s)
        self._since = self._why = ""
        health.set(State.OK)

    def use(self, config: LoadConfig) -> None:
        """From now on by these numbers; what is shed stays so, unless nothing is to be."""
        self._levels.use(len(self._steps) if config.shed else 0, config.up_s, config.down_s)

    def look(self, load: Load, why: str, now_s: float) -> None:
        """The load is such now, and why it is too much."""
        before, level = self._levels.level, self._levels.look(load, now_s)
        level = self._levels.level = self._past_absent(before, level)
        if level != before:
            if level > before:
                self._why = f"as {why}"
                self._health.count("raised")
            self._take(before, level)
            self._since = time.strftime("%H:%M", time.localtime(self._unix_s()))
            self._health.show("level", level)
            log.warning(self._said(level) or "sheds load no longer")
        self._health.set(State.DEGRADED if level else State.OK, self._said(level))

    def _past_absent(self, before: int, level: int) -> int:
        """The level at which something changes: nothing is gained by a step about what the box does not do now."""
        there = [step.is_there() for step in self._steps]
        if 0 < before < level and not any(there[before:]):
            return before
        while before < level < len(there) and not there[level - 1]:
            level += 1
        while 0 < level < before and not (any(there[level:before]) and there[level - 1]):
            level -= 1
        return level

    def _take(self, before: int, level: int) -> None:
        """Up or down, step by step. Those about what is not there too: it may come while load is shed."""
        for step in self._steps[before:level]:
            self._apply(step, on=True)
        for step in reversed(self._steps[level:before]):
            self._apply(step, on=False)

    def _said(self, level: int) -> str:
        """What is left undone of what is there now."""
        shed = {step.about: step.how for step in self._steps[:level] if step.is_there()}
        what = ", ".join(f"{about} {how}" for about, how in shed.items()) or "there is nothing to shed but sound"
        return f"sheds load: {what} since {self._since}, {self._why}" if level else ""

    def _apply(self, step: Step, *, on: bool) -> None:
        try:
            step.apply(on)
        except Exception:  # the next one may help
            self._health.count("faults")
            log.exception("load was not shed", extra={"about": step.about})
