"""Watched: an event whose evidence is to be kept, from its start until its clip can be cut."""

from edged.messages.event import Phase
from edged.messages.wire import EventMessage
from edged.sinks.clips.clip import unix_s
from edged.sinks.clips.config import ClipsConfig

PATIENCE_S = 5.0
"""A source that gives no more is waited for so long; then what is there has to do."""


class Watched:
    """Its newest message of each phase, and the stretch of time that is to be kept. Unix times, but for ``now_s``."""

    def __init__(self, message: EventMessage, source: str, config: ClipsConfig, now_s: float) -> None:
        """``now_s``: monotonic, like all that are called so."""
        self.id, self.source = message.id, source
        self.messages: dict[Phase, EventMessage] = {}
        self._post_roll_s = config.post_roll_s
        self.from_s = unix_s(message.started_at) - config.pre_roll_s
        self.until_s = self.from_s + config.max_s
        self._give_up_s = now_s + config.max_s + PATIENCE_S
        self.add(message, now_s)

    def add(self, message: EventMessage, now_s: float) -> None:
        """What is decided of it now."""
        self.messages[message.phase] = message
        if message.ended_at:
            self.until_s = min(self.until_s, unix_s(message.ended_at) + self._post_roll_s)
            self._give_up_s = min(self._give_up_s, now_s + self._post_roll_s + PATIENCE_S)

    def due(self, source_until_s: float, now_s: float) -> bool:
        """Whether all that is to be kept is there, or no more of it will come."""
        return source_until_s >= self.until_s or now_s >= self._give_up_s
