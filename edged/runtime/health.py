"""Health: what each part of the box says of itself, collected in one place. Thread-safe."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from edged.messages.health import PartHealth, State, worst

Clock = Callable[[], float]
"""Seconds: monotonic, or of Unix time."""


class Part:
    """One part's state, its lasting conditions (such as ``silent``) and its counters."""

    def __init__(self, clock: Clock, changed: Callable[[], None], unix_time: Clock = time.time) -> None:
        self._clock, self._unix_time = clock, unix_time
        self._changed = changed
        self._lock = threading.Lock()
        self._state = State.STARTING
        self._reason = ""
        self._conditions: dict[str, tuple[float, str]] = {}  # since when, by our clock and, where asked, by the wall's
        self._counters: Counter[str] = Counter()

    @property
    def state(self) -> State:
        """The state by the part's own word; a lasting condition makes an ok part degraded."""
        with self._lock:
            return self._effective()

    def set(self, state: State, reason: str = "") -> None:
        """Say how the part is, and why if it is not well."""
        with self._lock:
            changed = (state, reason) != (self._state, self._reason)
            self._state, self._reason = state, reason
        if changed:
            self._changed()

    def condition(self, name: str, *, on: bool, lasted_s: float = 0.0, by_the_wall: bool = False) -> None:
        """Raise or clear a condition, e.g. ``silent``; ``lasted_s``: for how long it has lasted when first raised.

        It reads ``silent for 30 s``, or ``silent since 14:02`` (local time) ``by_the_wall``'s clock.
        """
        with self._lock:
            changed = on != (name in self._conditions)
            if on:
                wall = time.strftime("%H:%M", time.localtime(self._unix_time() - lasted_s)) if by_the_wall else ""
                self._conditions.setdefault(name, (self._clock() - lasted_s, wall))
            else:
                self._conditions.pop(name, None)
        if changed:
            self._changed()

    def count(self, name: str, by: float = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counters[name] += by  # type: ignore[assignment]  # typeshed's Counter counts in whole numbers

    def show(self, name: str, value: float) -> None:
        """Set a figure that goes up and down, such as a shadow's agreement; it stands among the counters."""
        with self._lock:
            self._counters[name] = value  # type: ignore[assignment]  # as above

    def snapshot(self) -> PartHealth:
        """The part as it is now."""
        with self._lock:
            now = self._clock()
            reasons = [self._reason] if self._reason else []
            reasons += [
                f"{name} since {wall}" if wall else f"{name} for {now - since:.0f} s"
                for name, (since, wall) in self._conditions.items()
            ]
            return PartHealth(self._effective(), tuple(reasons), dict(self._counters))

    def _effective(self) -> State:
        return State.DEGRADED if self._state is State.OK and self._conditions else self._state


class Health:
    """All parts by name, ``<kind>.<name>`` such as ``sources.microphone``."""

    def __init__(self, clock: Clock = time.monotonic, unix_time: Clock = time.time) -> None:
        self._clock, self._unix_time = clock, unix_time
        self._parts: dict[str, Part] = {}
        self.revision = 0
        """Goes up whenever a part's state, reason or conditions change."""

    def part(self, name: str) -> Part:
        """The part of that name, made when first asked for."""
        return self._parts.setdefault(name, Part(self._clock, self._bump, self._unix_time))

    def remove(self, name: str) -> None:
        """The part is not there any longer."""
        self._parts.pop(name, None)
        self._bump()

    def state(self) -> State:
        """As well as the worst part."""
        return worst([part.state for part in list(self._parts.values())])

    def parts(self) -> dict[str, PartHealth]:
        """A snapshot of every part."""
        return {name: part.snapshot() for name, part in sorted(self._parts.items())}

    def _bump(self) -> None:
        self.revision += 1
