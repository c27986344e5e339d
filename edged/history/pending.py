"""Pending: what is to be written next. Bounded: should the disk fail for long, the newest is kept."""

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable

from edged.history.record import Record, merged, record_of
from edged.history.store import HealthChange
from edged.messages.wire import EventMessage
from edged.runtime.health import Part

MOST_EVENTS = 5000
"""About 8 MB."""
MOST_CHANGES = 1000


class Pending:
    """Of each event one record, whatever its messages."""

    def __init__(self, health: Part, most_events: int = MOST_EVENTS) -> None:
        self._health, self._most_events = health, most_events
        self._events: OrderedDict[str, Record] = OrderedDict()
        self.health: deque[HealthChange] = deque(maxlen=MOST_CHANGES)
        """Changes, in order."""

    def __len__(self) -> int:
        return len(self._events) + len(self.health)

    @property
    def events(self) -> Collection[Record]:
        """One a event."""
        return self._events.values()

    def add(self, message: EventMessage) -> None:
        """One phase of an event; the event that waits longest is lost where there are too many."""
        new, known = record_of(message), self._events.get(message.id)
        self._events[message.id] = merged(known, new) if known else new
        if len(self._events) > self._most_events:
            self._events.popitem(last=False)
            self._health.count("dropped")

    def add_health(self, changes: Iterable[HealthChange]) -> None:
        """How parts have changed."""
        self.health.extend(changes)

    def clear(self) -> None:
        """It is written."""
        self._events.clear()
        self.health.clear()
