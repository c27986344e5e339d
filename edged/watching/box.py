"""Box: what is known of one box from what it published."""

from collections import deque
from enum import StrEnum
from typing import TypeVar

from edged.messages.level import LevelMessage
from edged.messages.wire import ActiveMessage, EventMessage, GapMessage, HealthMessage, InfoMessage, StateMessage
from edged.watching.reading import MESSAGES, read_availability, read_message
from edged.watching.words import unix_s

T = TypeVar("T")

MOST_PARTS = 64
"""Pipelines, and sources and accelerators, of one box."""
MOST_SCORES = 16
"""Confidences of late that are kept of each pipeline."""
SILENT_AFTER = 3
"""Intervals without health, or a level."""
LATE_S = 5.0
"""A level may be so late besides: some of its interval's sound may be missing."""

Told = EventMessage | GapMessage
"""What a box told that is news in itself."""


class Presence(StrEnum):
    """Whether a box is there."""

    ONLINE = "online"
    SILENT = "silent"
    """It says that it is there, but its health is old."""
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    """It did not say, or not yet."""


class Box:
    """Fed with the payloads of its topics. Unix times, by the watcher's clock, are passed in."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.info: InfoMessage | None = None
        self.health: HealthMessage | None = None
        self.health_s: float | None = None
        """When the last health was said."""
        self.availability: dict[str, str] = {}
        """``online`` or ``offline`` by source or accelerator."""
        self.active: dict[str, list[EventMessage]] = {}
        """The events that are on by pipeline."""
        self.scores: dict[str, deque[float]] = {}
        """Confidences of late by pipeline, the latest last; history is not among them."""
        self.levels: dict[str, tuple[LevelMessage, float]] = {}
        """How loud it was by pipeline, and when that came."""
        self.gap: GapMessage | None = None
        """The last one that it told."""
        self.unreadable = 0
        self.last_unreadable = ""
        """Topic and reason."""
        self._state: str | None = None
        self._state_s: float | None = None

    def take(self, kind: str, part: str, payload: bytes, at_s: float, *, retained: bool) -> Told | None:
        """Take what came on ``<kind>/<part>``; UnreadableError where it cannot be read, and all stays as it was."""
        if not payload:  # a retained topic was cleared
            self._forget(kind, part)
            return None
        if kind == "availability":
            _keep(self.availability, part, read_availability(payload))
        elif kind in MESSAGES:
            return self._take(part, read_message(MESSAGES[kind], payload), at_s, retained=retained)
        return None

    def presence(self, now_s: float, interval_s: float) -> Presence:
        """With health that comes every ``interval_s``."""
        if self._state is None:
            return Presence.UNKNOWN
        late = self.health_s is not None and now_s - self.health_s > SILENT_AFTER * interval_s
        return Presence.SILENT if self._state == "online" and late else Presence(self._state)

    def since_s(self, presence: Presence) -> float | None:
        """Since when it has been so, where that is known."""
        if presence is Presence.SILENT:
            return self.health_s
        if self._state_s is not None or self.health is None or self.health_s is None:
            return self._state_s
        return self.health_s - self.health.uptime_s if presence is Presence.ONLINE else self.health_s

    def level(self, pipeline: str, now_s: float) -> LevelMessage | None:
        """How loud it is there; None where it does not tell, or did so long ago."""
        message, at_s = self.levels.get(pipeline, (None, 0.0))
        return message if message and now_s - at_s <= SILENT_AFTER * message.duration_s + LATE_S else None

    def _take(self, part: str, message: object, at_s: float, *, retained: bool) -> Told | None:
        match message:
            case StateMessage():
                if message.state != self._state:
                    self._state_s = None if retained and self._state is None else at_s
                self._state = message.state
            case InfoMessage():
                self.info = message
            case HealthMessage():
                self._take_health(message, at_s, retained=retained)
            case ActiveMessage():
                _keep(self.active, part, list(message.events) if message.active else [])
            case LevelMessage():
                _keep(self.levels, part, (message, at_s))
            case EventMessage():
                self._note_score(part, message)
                return message
            case GapMessage():
                self.gap = message
                return message
        return None

    def _take_health(self, message: HealthMessage, at_s: float, *, retained: bool) -> None:
        """A retained one is as old as it says, if the box's clock can be trusted; one that was known already stays."""
        if retained and self.health == message:
            return
        said_s = unix_s(message.at) if retained and message.clock_synchronised is not False else None
        self.health, self.health_s = message, min(at_s, at_s if said_s is None else said_s)

    def _note_score(self, part: str, message: EventMessage) -> None:
        if not message.delayed:
            _keep(self.scores, part, self.scores.get(part, deque(maxlen=MOST_SCORES)))
            if part in self.scores:
                self.scores[part].append(message.confidence)

    def _forget(self, kind: str, part: str) -> None:
        match kind:
            case "state":
                self._state = self._state_s = None
            case "info":
                self.info = None
            case "health":
                self.health = self.health_s = None
            case "availability":
                self.availability.pop(part, None)
            case "active":
                self.active.pop(part, None)
            case "level":
                self.levels.pop(part, None)


def _keep(known: dict[str, T], name: str, value: T) -> None:
    """Up to the limit; what is known is always brought up to date."""
    if name in known or len(known) < MOST_PARTS:
        known[name] = value
