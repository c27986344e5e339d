"""EventsOn: what is going on right now, for whoever asks at the control socket."""

import threading

from edged.messages.event import Phase
from edged.messages.wire import EventMessage

MOST = 50
"""Events that are kept; more at once are not shown."""


class EventsOn:
    """Follows the outbox. Thread-safe."""

    def __init__(self) -> None:
        self._on: dict[str, EventMessage] = {}
        self._lock = threading.Lock()

    def __call__(self, message: EventMessage) -> None:
        """An event has begun, gone on or ended."""
        with self._lock:
            if message.phase is Phase.END:
                self._on.pop(message.id, None)
            elif message.id in self._on or len(self._on) < MOST:
                self._on[message.id] = message

    def now(self) -> list[EventMessage]:
        """The last word on each that is on, the oldest event first."""
        with self._lock:
            return list(self._on.values())
