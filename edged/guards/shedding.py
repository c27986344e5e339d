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
        self._why = ""
        health.set(State.OK)

    def look(self, load: Load, why: str, now_s: float) -> None:
        """The load is such now, and why it is too much."""
        before, level = self._levels.level, self._levels.look(load, now_s)
        if level == before:
            return
        if level > before:
            self._why = f"as {why}"
            self._health.count("raised")
        changed = self._steps[min(before, level)]
        self._apply(changed, on=level > before)
        self._health.show("level", level)
        self._say(level)

    def _say(self, level: int) -> None:
        at = time.strftime("%H:%M", time.localtime(self._unix_s()))
        shed = {step.about: step.how for step in self._steps[:level] if step.is_there()}
        what = ", ".join(f"{about} {how}" for about, how in shed.items()) or "there is nothing to shed but sound"
        said = f"sheds load: {what} since {at}, {self._why}" if level else ""
        log.warning(said or "sheds load no longer")
        self._health.set(State.DEGRADED if level else State.OK, said)

    def _apply(self, step: Step, *, on: bool) -> None:
        try:
            step.apply(on)
        except Exception:  # the next one may help
            self._health.count("faults")
            log.exception("load was not shed", extra={"about": step.about})
