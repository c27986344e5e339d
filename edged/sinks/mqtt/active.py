"""Active: what is going on right now, by pipeline."""

from collections.abc import Callable

from edged.messages.event import Phase
from edged.messages.wire import ActiveMessage, EventMessage

MOST_ACTIVE = 20
"""Events of one pipeline that ``active/<pipeline>`` shows at most; more at once stand in ``event/…`` alone."""


class Active:
    """Follows the outbox and says ``active/<pipeline>`` anew with each event."""

    def __init__(self, say: Callable[[str, ActiveMessage], None]) -> None:
        """``say`` takes the topic below the root."""
        self._say = say
        self._on: dict[str, dict[str, EventMessage]] = {}

    def __call__(self, message: EventMessage) -> None:
        """An event has begun, gone on or ended."""
        on = self._on.setdefault(message.pipeline, {})
        if message.phase is Phase.END:
            on.pop(message.id, None)
        elif message.id in on or len(on) < MOST_ACTIVE:
            on[message.id] = message
        self._say(f"active/{message.pipeline}", ActiveMessage(active=bool(on), events=list(on.values())))
