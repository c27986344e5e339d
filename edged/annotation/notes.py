"""Notes: what a pipeline that looks says of each frame: where something is, what it is taken for, and its events.

A new kind of pipeline has its own messages: :meth:`Notes.look` reads those that say where something is.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

from edged.messages.event import Event, Phase
from edged.messages.objects import DetectedObjects, LostObject, TrackedObject
from edged.messages.vision import Box, DetectedFaces, Face, Glimpse, MatchedFace, RefusedFace, TrackedFace, Verdict

MOST_TRACKS = 256
"""That are remembered; those unseen for longest go first."""
ENDED_S = 2.0
"""So long an event that has ended is still told of."""


class Mark(NamedTuple):
    """Something in a frame."""

    box: Box
    track: int
    label: str
    """What its event says; else what it looks like, with a question mark where that is no more than a guess."""
    score: float
    event: Event | None
    """The last message of its event; None: it has none, or none yet."""
    fresh: bool
    """False: the frame was not looked at, it was there before."""


@dataclass(slots=True)
class _Track:
    frame: int
    box: Box
    label: str
    score: float
    is_face: bool
    """Its event's confidence says more than the detector's score."""
    judged: bool = False
    """``label`` and ``score`` are of a look closer than the detector's."""
    event: str | None = None


class Notes:
    """Of one pipeline: show it what the stages give, then the events, frame by frame."""

    def __init__(self, pipeline: str) -> None:
        self.pipeline = pipeline
        self._tracks: dict[int, _Track] = {}
        self._faces: deque[Face] = deque()
        self._events: dict[str, Event] = {}
        self._ended: list[Event] = []
        self._item: Any = None
        self._track: _Track | None = None
        self._frame = 0
        self._fresh = False

    def look(self, item: Any) -> None:
        """What a stage gave. Stages that an item passes by give it again."""
        if item is self._item:
            return
        self._item = item
        match item:
            case DetectedFaces():
                self._begin()
                self._faces = deque(item.faces)
            case DetectedObjects():
                self._begin()
            case TrackedFace() | Glimpse() if self._faces:  # one for each face, in their order
                face = self._faces.popleft()
                self._see(item.track, face.box, "face", face.score, is_face=True)
            case MatchedFace():
                for person in item.nearest[:1]:
                    self._judge(f"{person.name}?", person.similarity)
            case RefusedFace():
                verdict = item.liveness.verdict
                self._judge("spoof?" if verdict is Verdict.SPOOF else "live?", item.liveness.score)
            case TrackedObject():
                self._see(item.track, item.sighting.box, item.label, item.sighting.score)
            case LostObject():
                self._tracks.pop(item.track, None)

    def tell(self, event: Event) -> None:
        """An event that is published. Its start and updates come while one of its tracks is being looked at."""
        if event.phase is Phase.END:
            self._events.pop(event.id, None)
            self._ended.append(event)
            for track in self._tracks.values():
                track.event = None if track.event == event.id else track.event
            return
        self._events[event.id] = event
        if self._track is not None:
            self._track.event = event.id

    def next_frame(self) -> None:
        """What comes now is of another frame."""
        self._fresh, self._item, self._track = False, None, None

    def marks(self) -> list[Mark]:
        """What is in the frame; in one that was not looked at, what was there before."""
        return [self._mark(number, one) for number, one in self._tracks.items() if one.frame == self._frame]

    def events(self, now_s: float) -> tuple[list[Event], list[Event]]:
        """Those that are on, and those that ended a moment ago; the oldest first."""
        self._ended = [event for event in self._ended if now_s - event.observed_s <= ENDED_S]
        return list(self._events.values()), list(self._ended)

    def _begin(self) -> None:
        self._frame, self._fresh, self._track = self._frame + 1, True, None
        for number in sorted(self._tracks, key=lambda number: self._tracks[number].frame)[:-MOST_TRACKS]:
            del self._tracks[number]

    def _see(self, number: int, box: Box, label: str, score: float, *, is_face: bool = False) -> None:
        self._track = track = self._tracks.setdefault(number, _Track(self._frame, box, label, score, is_face))
        track.frame, track.box = self._frame, box
        if not track.judged:
            track.label, track.score = label, score

    def _judge(self, label: str, score: float) -> None:
        if self._track is not None:
            self._track.label, self._track.score, self._track.judged = label, score, True

    def _mark(self, number: int, track: _Track) -> Mark:
        event = self._events.get(track.event or "")
        label, score = track.label, track.score
        if event is not None:
            label, score = event.label, event.confidence if track.is_face else score
        return Mark(track.box, number, label, score, event, self._fresh)
