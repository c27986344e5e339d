"""What travels along the pipeline of objects, from the detected objects to the event about one of them.

Each type is made by one stage and asked for by the next, so that a stage left out is a type error.
"""

from dataclasses import dataclass
from typing import NamedTuple

from edged.messages.event import Event, ModelUse
from edged.messages.vision import Box, Frame


@dataclass(frozen=True, slots=True)
class Sighting:
    """An object that a detector found."""

    box: Box
    label: str
    score: float
    """In [0, 1]."""
    sure: bool = True
    """Enough to be taken for an object; else enough to follow one that is known."""


@dataclass(frozen=True, slots=True)
class DetectedObjects:
    """A frame with all its objects, the surest first; there may be none."""

    frame: Frame
    objects: tuple[Sighting, ...]
    use: ModelUse


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """An object in one frame, and which it was in the frames before."""

    frame: Frame
    sighting: Sighting
    track: int
    """The same number for the same object from frame to frame; never used again for another."""
    label: str
    """What most of its looks of late say."""
    use: ModelUse


@dataclass(frozen=True, slots=True)
class LostObject:
    """An object that is followed no longer: it was looked for and not seen."""

    track: int
    at_s: float


@dataclass(frozen=True, slots=True)
class PlacedObject:
    """A tracked object, and in which zones it is."""

    tracked: TrackedObject
    zones: tuple[str, ...]
    entered: bool = False
    """It went into one of them just now..."""
    left: bool = False
    """...or out of one."""


class Waypoint(NamedTuple):
    """Where an object stood: the middle of its lower edge."""

    after_s: float
    """Seconds after it was first seen."""
    x: float
    """In shares of the picture: 0 is its left edge."""
    y: float
    """0 is its upper edge."""


@dataclass(frozen=True, slots=True)
class ObjectEvent(Event):
    """An event about an object."""

    path: tuple[Waypoint, ...] = ()
    """Where it was, the first first; its last place is the last one."""
    zones: tuple[str, ...] = ()
    """Those that it is in now."""
