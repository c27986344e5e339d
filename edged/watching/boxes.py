"""Boxes: everything that is known from what came over the broker."""

from collections.abc import Iterator
from typing import NamedTuple

from edged.messages.wire import EventMessage
from edged.watching.box import Box, Presence, Told
from edged.watching.reading import MESSAGES, UnreadableError

KINDS = {*MESSAGES, "availability"}
"""What a topic may be about, for us; others are passed over."""

MOST_BOXES = 200
MOST_EVENTS = 200
MOST_NAME = 100
"""Characters of a topic's part; a slug has 40 at most."""


class Seen(NamedTuple):
    """The latest word on one event."""

    device: str
    message: EventMessage


class News(NamedTuple):
    """What is news in itself, and whose."""

    device: str
    told: Told


class Address(NamedTuple):
    """Where a topic belongs."""

    device: str
    kind: str
    """``state``, ``event``, …"""
    part: str
    """The rest, which may be nothing."""


class Boxes:
    """By name, in the order of their names; and the latest events of all. Whatever is published, it goes on."""

    def __init__(self, base_topic: str, health_interval_s: float = 30.0, only: str | None = None) -> None:
        """``only``: the one box that is listened to; None: all."""
        self.silence = (
            f"{'no box has' if only is None else f'box {only} has not'} said anything yet below {base_topic}/"
        )
        """What there is to say as long as nothing has come."""
        self._prefix, self._health_interval_s = f"{base_topic}/", health_interval_s
        self._boxes: dict[str, Box] = {}
        self._events: dict[tuple[str, str], Seen] = {}
        self.turned_away: int = 0
        """Messages of boxes beyond the most that are shown."""

    def __iter__(self) -> Iterator[Box]:
        return iter(sorted(self._boxes.values(), key=lambda box: box.device))

    def __len__(self) -> int:
        return len(self._boxes)

    @property
    def events(self) -> list[Seen]:
        """The latest word on each event, the event that began to be seen last first."""
        return list(reversed(self._events.values()))

    def address(self, topic: str) -> Address | None:
        """None where it is no topic of a box."""
        device, _, rest = topic.removeprefix(self._prefix).partition("/")
        kind, _, part = rest.partition("/")
        if not topic.startswith(self._prefix) or not device or max(map(len, (device, part))) > MOST_NAME:
            return None
        return Address(device, kind, part)

    def presence(self, box: Box, now_s: float) -> Presence:
        """Whether it is there."""
        return box.presence(now_s, self._health_interval_s)

    def take(self, topic: str, payload: bytes, at_s: float, *, retained: bool) -> News | None:
        """Take one message that came at ``at_s`` (Unix time); returns what is news in itself."""
        address = self.address(topic)
        if address is None or address.kind not in KINDS or (box := self._box(address.device)) is None:
            return None
        try:
            told = box.take(address.kind, address.part, payload, at_s, retained=retained)
        except UnreadableError as error:
            box.unreadable += 1
            box.last_unreadable = f"{address.kind}/{address.part}".rstrip("/") + f": {error}"
            return None
        if isinstance(told, EventMessage):
            told = self._note(address.device, told)
        return News(address.device, told) if told else None

    def _box(self, device: str) -> Box | None:
        box = self._boxes.get(device)
        if box is None and len(self._boxes) < MOST_BOXES:
            box = self._boxes[device] = Box(device)
        self.turned_away += box is None
        return box

    def _note(self, device: str, message: EventMessage) -> EventMessage | None:
        """None for a duplicate; history that comes after later news of the same event does not take its place."""
        known = self._events.get((device, message.id))
        if known and known.message.seq == message.seq:
            return None
        if not known or known.message.seq < message.seq:
            self._events[device, message.id] = Seen(device, message)
        if len(self._events) > MOST_EVENTS:
            del self._events[next(iter(self._events))]
        return message
