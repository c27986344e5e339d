"""SmoothObjects: from looks at objects to events about them: one from its appearance to its loss, with its way.

Several looks begin an event; it goes on until the object is lost, or is taken for another kind of object, which then
has an event of its own. An update is said at once when it goes into a zone or out of one.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import Field
from ulid import ULID

from edged.config import Section
from edged.messages.event import ModelUse, Phase
from edged.messages.objects import LostObject, ObjectEvent, PlacedObject, TrackedObject, Waypoint
from edged.way import Way


class ObjectEventsConfig(Section):
    """When looks at an object become an event."""

    frames: int = Field(3, ge=1, le=100)
    """So many looks at an object that are as sure as `detection.score` begin an event."""
    only_in_zones: bool = False
    """Whether an object has an event only while it is in a zone."""
    min_off_s: float = Field(3.0, ge=0)
    """With `only_in_zones`: the event ends when its object was outside for this long."""
    update_s: float = Field(5.0, gt=0)
    """A running event is updated this often, and at once when its object goes into a zone or out of one."""


class _Look(NamedTuple):
    """What an event keeps of one look; no picture."""

    label: str
    score: float
    edges: tuple[float, float, float, float]
    """Left, top, right, bottom in shares of the picture."""
    at_s: float
    epoch_s: float
    use: ModelUse


def look_at(item: PlacedObject) -> _Look:
    """What is kept of it."""
    frame, sighting = item.tracked.frame, item.tracked.sighting
    height, width = frame.picture.shape[:2]
    left, top, right, bottom = sighting.box
    edges = (left / width, top / height, right / width, bottom / height)
    return _Look(sighting.label, sighting.score, edges, frame.at_s, frame.epoch_s, item.tracked.use)


@dataclass(slots=True)
class _Held:
    """An event that is on."""

    id: str
    label: str
    start_s: float
    updated_s: float
    best: _Look
    confidence: float = 0.0
    """Of the last message."""
    looks: int = 0
    total: float = 0.0
    fresh: list[float] = field(default_factory=list)
    """Scores since the last message."""

    def support(self, look: _Look) -> None:
        if look.label != self.label:
            return
        self.looks, self.total = self.looks + 1, self.total + look.score
        self.fresh = [*self.fresh, look.score][-100:]
        if look.score >= self.best.score:
            self.best = look

    def of_late(self) -> float:
        if self.fresh:
            self.confidence, self.fresh = sum(self.fresh) / len(self.fresh), []
        return self.confidence


@dataclass(slots=True)
class _Followed:
    """An object that is followed."""

    track: int
    first_s: float
    seen_s: float
    recent: deque[_Look]
    """The looks that may begin an event."""
    way: Way = field(default_factory=Way)
    zones: tuple[str, ...] = ()
    zone_s: dict[str, float] = field(default_factory=dict)
    """How long it was in each zone."""
    in_zone_s: float = 0.0
    """When it was last in one."""
    held: _Held | None = None

    def see(self, item: PlacedObject, look: _Look) -> None:
        past_s, self.seen_s = look.at_s - self.seen_s, look.at_s
        for zone in item.zones:
            self.zone_s[zone] = self.zone_s.get(zone, 0.0) + (past_s if zone in self.zones else 0.0)
        self.zones = item.zones
        if item.zones:
            self.in_zone_s = look.at_s
        left, _, right, bottom = look.edges
        self.way.add(Waypoint(look.at_s - self.first_s, (left + right) / 2, bottom))


class SmoothObjects:
    """Holds the objects that are followed, with the events that are on."""

    def __init__(
        self,
        config: ObjectEventsConfig,
        pipeline: str,
        new_id: Callable[[float], str] = lambda t: str(ULID.from_timestamp(t)),
    ) -> None:
        self._config, self._pipeline, self._new_id = config, pipeline, new_id
        self._followed: dict[int, _Followed] = {}
        self._now_s = 0.0

    def __call__(self, item: PlacedObject | LostObject) -> Iterator[ObjectEvent]:
        self._now_s = item.at_s if isinstance(item, LostObject) else item.tracked.frame.at_s
        if isinstance(item, LostObject):
            followed = self._followed.pop(item.track, None)
            if followed and followed.held:
                yield self._end(followed, followed.held, item.at_s)
        else:
            yield from self._see(item)

    def advance(self, now_s: float) -> tuple[()]:
        """All that was seen until ``now_s`` has been looked at."""
        self._now_s = now_s
        return ()

    def finish(self) -> Iterator[ObjectEvent]:
        """The stream stops here: what is on, ends."""
        for followed in list(self._followed.values()):
            if followed.held:
                yield self._end(followed, followed.held, self._now_s)
        self._followed.clear()

    def _see(self, item: PlacedObject) -> Iterator[ObjectEvent]:
        look, number, label = look_at(item), item.tracked.track, item.tracked.label
        if number not in self._followed:
            recent: deque[_Look] = deque(maxlen=self._config.frames)
            self._followed[number] = _Followed(number, look.at_s, look.at_s, recent)
        followed = self._followed[number]
        followed.see(item, look)
        if followed.held and self._is_over(followed, followed.held, label):
            yield self._end(followed, followed.held, look.at_s)
        if followed.held:
            followed.held.support(look)
            if item.entered or item.left or look.at_s - followed.held.updated_s >= self._config.update_s:
                followed.held.updated_s = look.at_s
                yield self._event(followed, followed.held, Phase.UPDATE, followed.held.of_late(), look.at_s)
        else:
            yield from self._begin(followed, item.tracked, look)

    def _is_over(self, followed: _Followed, held: _Held, label: str) -> bool:
        """It is taken for something else, or has left the zones for long enough."""
        outside = self._config.only_in_zones and not followed.zones
        return label != held.label or (outside and followed.seen_s - followed.in_zone_s >= self._config.min_off_s)

    def _begin(self, followed: _Followed, tracked: TrackedObject, look: _Look) -> Iterator[ObjectEvent]:
        """Where enough looks were sure, some of them of what it is taken for, and where it is where it matters."""
        label, now_s = tracked.label, look.at_s
        if tracked.sighting.sure:
            followed.recent.append(look)
        looks = [look for look in followed.recent if look.label == label]
        enough = looks and len(followed.recent) == self._config.frames
        if not enough or (self._config.only_in_zones and not followed.zones):
            return
        first, best = followed.recent[0], max(looks, key=lambda look: look.score)
        event_id = self._new_id(first.epoch_s + first.at_s)
        followed.held = held = _Held(event_id, label, first.at_s, now_s, best)
        for one in looks:
            held.support(one)
        yield self._event(followed, held, Phase.START, held.of_late(), now_s)

    def _end(self, followed: _Followed, held: _Held, now_s: float) -> ObjectEvent:
        """What follows it needs looks of its own."""
        followed.held = None
        followed.recent.clear()
        return self._event(followed, held, Phase.END, held.total / held.looks, now_s)

    def _event(self, followed: _Followed, held: _Held, phase: Phase, confidence: float, now_s: float) -> ObjectEvent:
        best = held.best
        return ObjectEvent(
            id=held.id,
            pipeline=self._pipeline,
            phase=phase,
            label=held.label,
            confidence=confidence,
            start_s=held.start_s,
            end_s=followed.seen_s,
            observed_s=now_s,
            epoch_s=best.epoch_s,
            model=best.use,
            evidence={
                "track": followed.track,
                "frames": held.looks,
                "score": best.score,
                **dict(zip(("left", "top", "right", "bottom"), best.edges, strict=True)),
                "dwell_s": followed.seen_s - followed.first_s,
                "moved": followed.way.reach,
                **{f"zone_{name}_s": dwelt_s for name, dwelt_s in followed.zone_s.items()},
            },
            path=followed.way.points,
            zones=followed.zones,
        )
