"""Part: what one part of the box says of itself, and what is shown of it. Thread-safe."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from edged.messages.health import PartHealth, State
from edged.runtime.flapping import Damping, Flapping
from edged.runtime.histogram import Histogram

Clock = Callable[[], float]
"""Seconds: monotonic, or of Unix time."""

MOST_LETTERS = 400
"""Of a reason: it may come from a driver or hold an item."""
MOST_STEPS = 32
"""Steps of a part whose times are kept."""
JUMP_S = 2.0
"""When the wall's clock is set by more than this, times that were told are put right; a smaller change is drift."""


class _Condition(NamedTuple):
    since_s: float
    wall: str
    """Since when in local time, where that was asked for."""
    remedy: str


class Part:
    """One part's state, its lasting conditions (such as ``silent``), its counters and the times of its steps.

    What it shows is as bad as its own word and, while it flaps, no better than degraded.
    """

    def __init__(
        self,
        clock: Clock,
        changed: Callable[[], None],
        unix_time: Clock = time.time,
        damping: Damping = Damping(),  # noqa: B008  # cannot be changed
    ) -> None:
        self._clock, self._unix_time = clock, unix_time
        self._changed = changed
        self._lock = threading.Lock()
        self._state = State.STARTING
        self._reason = self._remedy = ""
        self._conditions: dict[str, _Condition] = {}
        self._counters: Counter[str] = Counter()
        self._figures: set[str] = set()
        self._latency: dict[str, Histogram] = {}
        self._flapping = Flapping(damping)
        self._fault: tuple[str, tuple[str, ...]] = ("", ())  # the last thing that was wrong, with its remedies
        self._told: tuple[State, bool, tuple[str, ...]] = (State.STARTING, False, ())
        self._since = (clock(), unix_time())
        self.needed = True
        """Whether the box is no better than this part."""

    @property
    def state(self) -> State:
        """The state by the part's own word; a lasting condition makes an ok part degraded, flapping any but one off."""
        with self._lock:
            return self._flapping.shown(self._clock())

    def set(self, state: State, reason: str = "", remedy: str = "") -> None:
        """Say how the part is, why if it is not well, and what a person can do about it."""
        reason = reason[:MOST_LETTERS]
        with self._lock:
            if (state, reason, remedy) == (self._state, self._reason, self._remedy):
                return
            self._state, self._reason, self._remedy = state, reason, remedy
            changed = self._look()
        if changed:
            self._changed()

    def condition(
        self, name: str, *, on: bool, lasted_s: float = 0.0, by_the_wall: bool = False, remedy: str = ""
    ) -> None:
        """Raise or clear a condition, e.g. ``silent``; ``lasted_s``: for how long it has lasted when first raised.

        It reads ``silent for 30 s``, or ``silent since 14:02`` (local time) ``by_the_wall``'s clock.
        """
        with self._lock:
            if on == (name in self._conditions):
                return
            if on:
                wall = time.strftime("%H:%M", time.localtime(self._unix_time() - lasted_s)) if by_the_wall else ""
                self._conditions[name] = _Condition(self._clock() - lasted_s, wall, remedy)
            else:
                del self._conditions[name]
            changed = self._look()
        if changed:
            self._changed()

    def use(self, damping: Damping) -> None:
        """From now on that is flapping; what has been, counts."""
        with self._lock:
            self._flapping.use(damping)

    def look(self) -> None:
        """Notice what time alone changes: a part that flapped has been calm."""
        with self._lock:
            changed = self._look()
        if changed:
            self._changed()

    def count(self, name: str, by: float = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counters[name] += by  # type: ignore[assignment]  # typeshed's Counter counts in whole numbers

    def show(self, name: str, value: float) -> None:
        """Set a figure that goes up and down, such as a shadow's agreement; it stands among the counters."""
        with self._lock:
            self._figures.add(name)
            self._counters[name] = value  # type: ignore[assignment]  # as above

    def took(self, step: str, took_s: float) -> None:
        """A step took so long, in seconds."""
        histogram = self._latency.get(step)
        if histogram is None:
            with self._lock:
                if len(self._latency) >= MOST_STEPS:
                    return
                histogram = self._latency.setdefault(step, Histogram(self._clock))
        histogram.observe(took_s)

    def snapshot(self) -> PartHealth:
        """The part as it is now."""
        with self._lock:
            now_s = self._clock()
            self._put_clock_right(now_s)
            return PartHealth(
                self._flapping.shown(now_s),
                tuple(self._reasons(now_s)),
                dict(self._counters),
                frozenset(self._figures),
                self._since[1],
                self._remedies(now_s),
                self.needed,
                {step: histogram.snapshot() for step, histogram in sorted(self._latency.items())},
            )

    def _look(self) -> bool:
        """Whether what it shows has changed; while it flaps, that a fault comes and goes is no news."""
        now_s, said = self._clock(), self._said()
        words = tuple(filter(None, (self._reason, *self._conditions)))
        if not said.is_well and words:
            self._fault = (words[0], self._cures())
        self._flapping.say(said, now_s)
        flaps, shown = bool(self._flapping.falls(now_s)), self._flapping.shown(now_s)
        before, self._told = self._told, (shown, flaps, self._told[2] if flaps and said.is_well else words)
        if shown is not before[0]:
            self._since = (now_s, self._unix_time())
        return self._told != before

    def _said(self) -> State:
        return State.DEGRADED if self._state is State.OK and self._conditions else self._state

    def _reasons(self, now_s: float) -> list[str]:
        reasons = [
            f"{name} since {it.wall}" if it.wall else f"{name} for {now_s - it.since_s:.0f} s"
            for name, it in self._conditions.items()
        ]
        if self._reason:
            reasons.insert(0, self._reason)
        if flaps := self._flapping.words(now_s):
            reasons.insert(0, f"{flaps}, last: {self._fault[0]}" if self._fault[0] and not reasons else flaps)
        return reasons

    def _remedies(self, now_s: float) -> tuple[str, ...]:
        return self._cures() or (self._fault[1] if self._flapping.falls(now_s) else ())

    def _cures(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (self._remedy, *(it.remedy for it in self._conditions.values())))))

    def _put_clock_right(self, now_s: float) -> None:
        """Since when, by the wall's clock as it is now: it may have been set."""
        at_s, told_s = self._since
        today_s = self._unix_time() - (now_s - at_s)
        if abs(today_s - told_s) > JUMP_S:
            self._since = (at_s, today_s)
