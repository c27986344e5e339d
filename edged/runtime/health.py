"""Health: what each part of the box says of itself, collected in one place. Thread-safe."""

import threading
import time

from edged.messages.health import PartHealth, State, worst
from edged.runtime.flapping import Damping
from edged.runtime.part import Clock, Part

__all__ = ["Clock", "Health", "Part"]


class Health:
    """All parts by name, ``<kind>.<name>`` such as ``sources.microphone``."""

    def __init__(
        self,
        clock: Clock = time.monotonic,
        unix_time: Clock = time.time,
        damping: Damping = Damping(),  # noqa: B008  # cannot be changed
    ) -> None:
        self._clock, self._unix_time, self._damping = clock, unix_time, damping
        self._parts: dict[str, Part] = {}
        self._lock = threading.Lock()
        self._revision = 0

    @property
    def revision(self) -> int:
        """Goes up whenever a part's state, reason or conditions change. Ask each second: time alone may change them."""
        for part in self._all():
            part.look()
        return self._revision

    def part(self, name: str, *, needed: bool | None = None) -> Part:
        """The part of that name, made when first asked for.

        ``needed``: False of a new part: the box can be ok without it, as without a shadow; True: somebody needs it now.
        """
        with self._lock:
            part = self._parts.get(name)
            if part is None:
                part = self._parts[name] = Part(self._clock, self._bump, self._unix_time, self._damping)
                part.needed = needed is not False
            elif needed:
                part.needed = True
            return part

    def use(self, damping: Damping) -> None:
        """From now on that is flapping, for each part that is there or comes."""
        with self._lock:
            self._damping, parts = damping, list(self._parts.values())
        for part in parts:
            part.use(damping)

    def remove(self, name: str) -> None:
        """The part is not there any longer."""
        with self._lock:
            self._parts.pop(name, None)
        self._bump()

    def state(self) -> State:
        """As well as the worst part that is needed."""
        return worst([part.state for part in self._all() if part.needed])

    def parts(self) -> dict[str, PartHealth]:
        """A snapshot of every part."""
        with self._lock:
            parts = sorted(self._parts.items())
        return {name: part.snapshot() for name, part in parts}

    def _all(self) -> list[Part]:
        with self._lock:
            return list(self._parts.values())

    def _bump(self) -> None:
        with self._lock:
            self._revision += 1
