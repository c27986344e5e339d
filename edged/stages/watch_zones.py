"""WatchZones: in which zones of the picture a tracked object is, and when it goes into one and out of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edged.areas import Polygon, contains, foot
from edged.config import Section, Slug
from edged.messages.objects import LostObject, PlacedObject, TrackedObject

LOOKS = 2
"""In a row, that show an object on the other side of a zone's edge: then it went over it."""


class ZoneConfig(Section):
    """A part of the picture that matters; an object is in it when the middle of its lower edge is."""

    points: Polygon
    """Its corners, [x, y] in shares of the picture's width and height: [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]."""
    labels: tuple[str, ...] = ()
    """The labels that it is about; none named: all."""


@dataclass(slots=True)
class _Place:
    """Where one object is."""

    inside: set[str] = field(default_factory=set)
    turned: dict[str, int] = field(default_factory=dict)
    """By zone: looks in a row on the other side of its edge."""


class WatchZones:
    """Holds where each object is that is followed."""

    def __init__(self, zones: Mapping[Slug, ZoneConfig]) -> None:
        self._zones = zones
        self._places: dict[int, _Place] = {}

    def __call__(self, item: TrackedObject | LostObject) -> Iterator[PlacedObject | LostObject]:
        if isinstance(item, LostObject):
            self._places.pop(item.track, None)
            yield item
        else:
            yield self._place(item)

    def finish(self) -> tuple[()]:
        """The stream stops here: what comes next are other objects."""
        self._places.clear()
        return ()

    def _place(self, item: TrackedObject) -> PlacedObject:
        known = item.track in self._places
        place = self._places.setdefault(item.track, _Place())
        before, at = set(place.inside), foot(item.sighting.box, item.frame.picture)
        for name, zone in self._zones.items():
            inside = (not zone.labels or item.label in zone.labels) and contains(zone.points, at)
            self._turn(place, name, inside=inside, at_once=not known)
        zones = tuple(name for name in self._zones if name in place.inside)
        return PlacedObject(item, zones, entered=not place.inside <= before, left=not before <= place.inside)

    def _turn(self, place: _Place, name: str, *, inside: bool, at_once: bool) -> None:
        """``at_once``: it is seen for the first time, where else should it be."""
        if inside == (name in place.inside):
            place.turned.pop(name, None)
            return
        place.turned[name] = place.turned.get(name, 0) + 1
        if at_once or place.turned[name] >= LOOKS:
            del place.turned[name]
            place.inside ^= {name}
