"""SmoothIdentity: from looks at faces to events about people: who it is, `unknown`, or `spoof`.

Several looks at one track that agree, one after the other, decide whose it is; every glimpse of the track then keeps
the event on; it takes a while without any to end it. One event a person: tracks of the same person share it. An event
never changes its label: where a stranger is recognised after all, one event ends and another starts.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import Field, model_validator
from ulid import ULID

from edged.config import Section
from edged.messages.event import Event, Phase
from edged.messages.vision import Glimpse, MatchedFace, RefusedFace, TrackedFace
from edged.recognition import (
    SPOOF,
    UNKNOWN,
    Levels,
    Look,
    Strangers,
    cut_portrait,
    look_at,
    look_at_refused,
    mean_direction,
)


class IdentityConfig(Section):
    """When looks at a face become an event."""

    threshold: float = Field(0.43, ge=-1, le=1)
    """Least similarity of a face to a person who is named; tied to the embedder. With 20 people enrolled by 3 pictures
    each it names about 98 in 100 of them on a single look, and at most 1 in 200 strangers; more with more enrolled."""
    margin: float = Field(0.05, ge=0, le=2)
    """The next person must be less similar by this much."""
    release: float = Field(0.32, ge=-1, le=1)
    """Who was named stays named down to this similarity."""
    frames: int = Field(2, ge=1, le=100)
    """So many looks in a row that agree name a person."""
    unknown_frames: int = Field(4, ge=1, le=100)
    """So many looks in a row at nobody in the gallery make an `unknown`."""
    spoof_frames: int = Field(4, ge=1, le=100)
    """So many looks in a row at a picture of a face make a `spoof`."""
    visit_s: float = Field(600.0, gt=0)
    """A stranger unseen for less than this keeps their anonymous id."""
    min_on_s: float = Field(1.0, ge=0)
    """An event lasts at least this long, unless its face turns out to be another's."""
    min_off_s: float = Field(3.0, gt=0)
    """An event ends when its face was not seen for this long."""
    refractory_s: float = Field(2.0, ge=0)
    """After an event's end, the same person (or stranger) starts none for this long."""
    update_s: float = Field(5.0, gt=0)
    """A running event is updated this often."""

    @model_validator(mode="after")
    def _levels_are_in_order(self) -> "IdentityConfig":
        if self.release > self.threshold:
            raise ValueError(f"release: {self.release}, must not be above threshold ({self.threshold})")
        return self

    @property
    def levels(self) -> Levels:
        """Those of similarity."""
        return Levels(self.threshold, self.margin, self.release)

    def frames_for(self, opinion: str) -> int:
        """Looks in a row that decide."""
        return {UNKNOWN: self.unknown_frames, SPOOF: self.spoof_frames}.get(opinion, self.frames)


@dataclass(slots=True)
class _Track:
    """A face that is followed."""

    seen_s: float
    run: deque[Look]
    """The last looks in a row that agree."""
    opinion: str | None = None
    """What its looks have decided..."""
    subject: str | None = None
    """...and whom its event is about: the same, but that strangers differ from one another."""

    def add(self, look: Look) -> None:
        if self.run and self.run[-1].opinion != look.opinion:
            self.run.clear()
        self.run.append(look)


@dataclass(slots=True)
class _Held:
    """An event that is on."""

    id: str
    subject: str
    label: str
    start_s: float
    seen_s: float
    updated_s: float
    best: Look
    confidence: float = 0.0
    """Of the last message."""
    looks: int = 0
    total: float = 0.0
    fresh: list[float] = field(default_factory=list)
    """Confidences since the last message."""

    def support(self, look: Look) -> None:
        self.looks, self.total = self.looks + 1, self.total + look.confidence
        self.fresh = [*self.fresh, look.confidence][-100:]
        if look.confidence >= self.best.confidence:
            self.best = look

    def of_late(self) -> float:
        if self.fresh:
            self.confidence, self.fresh = sum(self.fresh) / len(self.fresh), []
        return self.confidence


class SmoothIdentity:
    """Holds the tracks of late (none unseen for ``min_off_s``), the events that are on, and the strangers."""

    def __init__(
        self,
        config: IdentityConfig,
        pipeline: str,
        new_id: Callable[[float], str] = lambda t: str(ULID.from_timestamp(t)),
        portrait_px: int = 0,
    ) -> None:
        """``portrait_px``: most of a side of the portraits that go with the events; 0: none are made."""
        self._config, self._pipeline, self._new_id, self._portrait_px = config, pipeline, new_id, portrait_px
        self._tracks: dict[int, _Track] = {}
        self._held: dict[str, _Held] = {}
        self._rest_until_s: dict[str, float] = {}
        self._strangers = Strangers(config.threshold, config.visit_s)
        self._most_looks = max(config.frames, config.unknown_frames, config.spoof_frames)
        self._now_s = 0.0

    def __call__(self, item: Any) -> Iterator[Event]:
        """``MatchedFace``, ``RefusedFace`` and ``Glimpse`` count; anything else passes without effect."""
        if isinstance(item, Glimpse):
            yield from self._see(item.track, item.at_s)
        elif isinstance(item, RefusedFace):
            yield from self._look(item.tracked, look_at_refused(item))
        elif isinstance(item, MatchedFace):
            face = item.embedded.checked.aligned.tracked
            held = self._tracks[face.track].opinion if face.track in self._tracks else None
            yield from self._look(face, look_at(item, held, self._config.levels))

    def advance(self, now_s: float) -> Iterator[Event]:
        """All that was seen until ``now_s`` has been looked at: what nothing keeps on, ends."""
        self._now_s, config = now_s, self._config
        due = [(max(one.start_s + config.min_on_s, one.seen_s + config.min_off_s), one) for one in self._held.values()]
        for due_s, held in sorted(due, key=lambda pair: pair[0]):
            if now_s >= due_s:  # and not now_s: when it ended does not depend on how often we are asked
                yield self._end(held, due_s)
        self._tracks = {n: track for n, track in self._tracks.items() if now_s - track.seen_s < config.min_off_s}
        self._rest_until_s = {who: until_s for who, until_s in self._rest_until_s.items() if until_s > now_s}

    def finish(self) -> Iterator[Event]:
        """The stream stops here: what is on, ends; who comes next may be anybody."""
        for held in list(self._held.values()):
            yield self._end(held, self._now_s)
        self._tracks.clear()
        self._rest_until_s.clear()
        self._strangers.forget()

    def _look(self, face: TrackedFace, look: Look) -> Iterator[Event]:
        if look.opinion is not None:
            look = replace(look, portrait=cut_portrait(face, self._portrait_px))
        return self._see(look.track, look.at_s, look)

    def _see(self, number: int, now_s: float, look: Look | None = None) -> Iterator[Event]:
        yield from self.advance(now_s)
        track = self._tracks.setdefault(number, _Track(now_s, deque(maxlen=self._most_looks)))
        track.seen_s = now_s
        if look is not None and look.opinion is not None:
            track.add(look)
            yield from self._decide(track, look.opinion, now_s)
        subject = track.subject
        if subject is None:
            return
        if subject in self._held:
            yield from self._keep(self._held[subject], track, look, now_s)
        elif look is not None and look.opinion == track.opinion and subject not in self._rest_until_s:
            yield self._begin(subject, track, now_s)

    def _decide(self, track: _Track, opinion: str, now_s: float) -> Iterator[Event]:
        """Where enough looks in a row agree, the track is whose they say; whom it was taken for before, ends."""
        if opinion == track.opinion or len(track.run) < self._config.frames_for(opinion):
            return
        before, track.opinion, track.subject = track.subject, opinion, self._subject(track, opinion, now_s)
        if before in self._held and all(other.subject != before for other in self._tracks.values()):
            yield self._end(self._held[before], now_s)

    def _subject(self, track: _Track, opinion: str, now_s: float) -> str:
        if opinion != UNKNOWN:
            return opinion
        at_s = track.run[-1].epoch_s + now_s
        return "stranger:" + self._strangers.recognise(mean_direction(track.run), now_s, lambda: self._new_id(at_s))

    def _begin(self, subject: str, track: _Track, now_s: float) -> Event:
        first = track.run[0]
        event_id = self._new_id(first.epoch_s + first.at_s)
        self._held[subject] = held = _Held(event_id, subject, first.label, first.at_s, now_s, now_s, first)
        for look in track.run:
            held.support(look)
        return self._event(held, Phase.START, held.of_late(), now_s)

    def _keep(self, held: _Held, track: _Track, look: Look | None, now_s: float) -> Iterator[Event]:
        held.seen_s = now_s
        self._strangers.saw(held.subject.removeprefix("stranger:"), now_s)
        if look is not None and look.opinion == track.opinion:
            held.support(look)
        if now_s - held.updated_s >= self._config.update_s:
            held.updated_s = now_s
            yield self._event(held, Phase.UPDATE, held.of_late(), now_s)

    def _end(self, held: _Held, now_s: float) -> Event:
        """Its tracks must be decided anew."""
        del self._held[held.subject]
        self._rest_until_s[held.subject] = now_s + self._config.refractory_s
        for track in self._tracks.values():
            if track.subject == held.subject:
                track.opinion, track.subject = None, None
                track.run.clear()
        return self._event(held, Phase.END, held.total / held.looks, now_s)

    def _event(self, held: _Held, phase: Phase, confidence: float, now_s: float) -> Event:
        best = held.best
        return Event(
            id=held.id,
            pipeline=self._pipeline,
            phase=phase,
            label=held.label,
            confidence=confidence,
            start_s=held.start_s,
            end_s=held.seen_s,
            observed_s=now_s,
            epoch_s=best.epoch_s,
            model=best.use,
            evidence={**best.evidence, "frames": held.looks},
            subject=None if held.subject == SPOOF else held.subject,
            portrait=best.portrait,
        )
