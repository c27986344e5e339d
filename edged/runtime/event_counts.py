"""EventCounts: counts in each pipeline's health the event messages that the outbox has accepted."""

from edged.messages.wire import EventMessage
from edged.runtime.health import Health


class EventCounts:
    """Follows the outbox. Counts by phase, as ``events_start``: what was seen, or who, is nobody's business here."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def __call__(self, message: EventMessage) -> None:
        self._health.part(f"pipelines.{message.pipeline}").count(f"events_{message.phase.value}")
