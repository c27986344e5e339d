"""Faults: the items that a pipeline has lost, counted by stage and kind, and told in health while they are recent."""

import time
from collections.abc import Callable
from typing import Any

from edged.runtime.health import Part

RECENT_S = 60.0
"""So long after the last one a pipeline is well again; and so seldom one kind of fault is logged."""
MOST_KINDS = 20
"""Kinds of fault with a counter of their own; what else there is, is counted together."""
MOST_TEXT = 160
"""Characters of a fault that are told."""
STAGE = "edged_stage"


def blame(fault: Exception, stage: str) -> None:
    """Have ``fault`` bear the name of the stage that raised it; the first word counts, as it is the innermost stage."""
    vars(fault).setdefault(STAGE, stage)


def described(fault: BaseException) -> str:
    """``classify_sound: ValueError('…')``, on one line."""
    text = f"{vars(fault).get(STAGE, 'sinks')}: {fault!r}".partition("\n")[0]
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


class Faults:
    """Of one pipeline, told on its thread."""

    def __init__(self, health: Part, clock: Callable[[], float] = time.monotonic) -> None:
        self._health, self._clock = health, clock
        self.in_a_row = 0
        """Items lost since the last one that was not."""
        self._last_s: dict[str, float] = {}  # by kind, when it was last logged
        self._lost_s = 0.0
        self._condition: tuple[str, str] | None = None  # the last kind, and what is said of it

    def lost(self, fault: Exception) -> bool:
        """An item is lost to ``fault``. True where that should be logged: not for a minute was there one like it."""
        self.in_a_row += 1
        self._lost_s = now_s = self._clock()
        kind = self._kind(fault)
        self._health.count("faults")
        self._health.count(f"faults_{kind}")
        self._tell(kind, f"loses items, {described(fault)}")
        news = now_s - self._last_s.get(kind, -RECENT_S) >= RECENT_S
        if news:
            self._last_s[kind] = now_s
        return news

    def passed(self) -> None:
        """An item came through."""
        self.in_a_row = 0
        if self._condition and self._clock() - self._lost_s >= RECENT_S:
            self.forget()

    def forget(self) -> None:
        """Say nothing any longer of what was lost."""
        if self._condition:
            self._health.condition(self._condition[1], on=False)
            self._condition = None

    def _kind(self, fault: Exception) -> str:
        kind = f"{vars(fault).get(STAGE, 'sinks')}_{type(fault).__name__}"
        return kind if kind in self._last_s or len(self._last_s) < MOST_KINDS else "other"

    def _tell(self, kind: str, text: str) -> None:
        before = self._condition
        if before is None or before[0] != kind:
            self._condition = (kind, text)
            self._health.condition(text, on=True)  # first: else the pipeline would be well in between
            if before is not None and before[1] != text:
                self._health.condition(before[1], on=False)


def outputs_of(stage: str, step: Callable[..., Any], *given: Any) -> tuple[Any, ...]:
    """All that ``step`` gives; what it raises instead bears the stage's name."""
    try:
        return tuple(step(*given))
    except Exception as fault:
        blame(fault, stage)
        raise
