"""TrackObjects: the same number for the same object from frame to frame, and its label by vote.

What stands still is not looked at in every frame (see GateMotion): an object is lost only when it was looked for.
"""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import Field

from edged.config import Section
from edged.messages.objects import DetectedObjects, LostObject, Sighting, TrackedObject
from edged.pairing import assign, distance

OTHER_LABEL = 0.3
"""What another label adds to the distance: a dog that turns up beside a person is not the person."""
LEAD = 1.5
"""Another label takes over when its votes outweigh those of the one before by this."""


class ObjectTrackingConfig(Section):
    """How objects are followed."""

    reach: float = Field(1.0, gt=0)
    """Farthest that an object may go from look to look, in widths of it; a change of size counts too."""
    lost_s: float = Field(2.0, gt=0)
    """An object that is looked for in vain for this long is lost: its event ends, and when it comes back it is a new
    one."""
    votes: int = Field(15, ge=1, le=1000)
    """So many of its last looks decide what it is, each with the weight of its score."""
    still_s: float = Field(5.0, ge=0)
    """What has not moved for this long stands still: it no longer keeps the motion gate open..."""
    still_reach: float = Field(0.15, gt=0)
    """...and what goes no farther than this, in widths of it, has not moved."""
    max_tracks: int = Field(64, ge=1, le=256)
    """Objects followed at a time; the one unseen for longest goes first."""


@dataclass(slots=True)
class _Track:
    """An object that is followed."""

    number: int
    last: Sighting
    seen_s: float
    still_at: Sighting
    """Where it was when it last moved..."""
    moved_s: float
    """...and when."""
    votes: deque[tuple[str, float]]
    label: str = field(init=False)
    missed_s: float | None = None
    """When it was first looked for in vain, since it was seen."""

    def __post_init__(self) -> None:
        self.label = self.last.label

    def see(self, sighting: Sighting, now_s: float, still_reach: float) -> None:
        self.last, self.seen_s, self.missed_s = sighting, now_s, None
        if distance(sighting.box, self.still_at.box) > still_reach:
            self.still_at, self.moved_s = sighting, now_s
        self.votes.append((sighting.label, sighting.score))
        self.label = winner(self.votes, self.label)


def winner(votes: deque[tuple[str, float]], before: str) -> str:
    """The label with the most weight; ``before`` unless another outweighs it by ``LEAD``."""
    weights: dict[str, float] = {}
    for label, score in votes:
        weights[label] = weights.get(label, 0.0) + score
    best = max(weights, key=weights.__getitem__)
    return best if weights[best] > LEAD * weights.get(before, 0.0) else before


def unlikeness(known: Sighting, found: Sighting) -> float:
    """How unlike two sightings are, >= 0."""
    return distance(known.box, found.box) + (OTHER_LABEL if known.label != found.label else 0.0)


class TrackObjects:
    """Holds the objects that are followed."""

    def __init__(self, config: ObjectTrackingConfig) -> None:
        self._config = config
        self._numbers = itertools.count(1)
        self._tracks: list[_Track] = []

    def __call__(self, item: DetectedObjects) -> Iterator[TrackedObject | LostObject]:
        """First those that were lost, then every object that was seen, the surest first."""
        now_s = item.frame.at_s
        seen = self._see(item, now_s)
        yield from self._lose(now_s)
        for track, sighting in seen:
            yield TrackedObject(item.frame, sighting, track.number, track.label, item.use)

    def finish(self) -> tuple[()]:
        """The stream stops here: what comes next are other objects; the stages after end what is on."""
        self._tracks = []
        return ()

    def restless(self, now_s: float) -> bool:
        """Whether any object moved of late, or is being looked for."""
        return any(track.missed_s is not None or now_s - track.moved_s < self._config.still_s for track in self._tracks)

    def _see(self, item: DetectedObjects, now_s: float) -> list[tuple[_Track, Sighting]]:
        """Each sighting with its track; those who are not sure only go to a track that no sure one is of."""
        sure = [one for one in item.objects if one.sure]
        seen = self._match(self._tracks, sure, now_s)
        new = [one for one in sure if all(one is not taken for _, taken in seen)]
        rest = [track for track in self._tracks if all(track is not taken for taken, _ in seen)]
        seen += self._match(rest, [one for one in item.objects if not one.sure], now_s)
        room = self._config.max_tracks - len(seen)
        return seen + [(self._begin(one, now_s), one) for one in new[: max(0, room)]]

    def _match(self, tracks: list[_Track], found: list[Sighting], now_s: float) -> list[tuple[_Track, Sighting]]:
        paired = assign([track.last for track in tracks], found, self._config.reach, unlikeness)
        matched = [(tracks[number], found[index]) for index, number in sorted(paired.items())]
        for track, sighting in matched:
            track.see(sighting, now_s, self._config.still_reach)
        return matched

    def _begin(self, sighting: Sighting, now_s: float) -> _Track:
        votes = deque([(sighting.label, sighting.score)], maxlen=self._config.votes)
        self._tracks.append(_Track(next(self._numbers), sighting, now_s, sighting, now_s, votes))
        return self._tracks[-1]

    def _lose(self, now_s: float) -> Iterator[LostObject]:
        """Those looked for in vain for too long, and those for whom there is no room."""
        kept = []
        for track in self._tracks:
            if track.seen_s != now_s and track.missed_s is None:
                track.missed_s = now_s
            if track.missed_s is None or now_s - track.missed_s < self._config.lost_s:
                kept.append(track)
            else:
                yield LostObject(track.number, now_s)
        kept.sort(key=lambda track: track.seen_s)
        self._tracks = kept[-self._config.max_tracks :]
        for track in kept[: -self._config.max_tracks]:
            yield LostObject(track.number, now_s)
