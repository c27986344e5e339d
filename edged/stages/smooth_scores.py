"""SmoothScores: from the scores of single windows to events with a start and an end.

A weighted vote over the last windows with hysteresis, in the manner of Schmitt's trigger (1938): several windows above
the threshold, or fewer that are sure, switch an event on; windows above the lower release level keep it on; it takes
a while without any to switch it off.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pydantic import Field, model_validator
from ulid import ULID

from edged.config import Section
from edged.messages.event import Event, Phase
from edged.messages.sound import KnownWindow


class SmoothingConfig(Section):
    """When scores become an event."""

    labels: tuple[str, ...] = Field(("drone",), min_length=1)
    """The model's labels that make events; the others count as background."""
    threshold: float = Field(0.7, ge=0, le=1)
    """A window with at least this score votes for its label."""
    sure: float = Field(0.95, ge=0, le=1)
    """A window with at least this score has `sure_votes` votes: what is unmistakable need not wait."""
    sure_votes: float = Field(3, ge=1)
    """Votes of such a window."""
    votes: float = Field(5, ge=1)
    """So many votes within `vote_s` start an event."""
    vote_s: float = Field(2.6, gt=0)
    """How far back votes count."""
    release: float = Field(0.4, ge=0, le=1)
    """A window with at least this score keeps a running event on."""
    min_on_s: float = Field(1.0, ge=0)
    """An event lasts at least this long."""
    min_off_s: float = Field(2.0, ge=0)
    """An event ends when no window has kept it on for this long."""
    refractory_s: float = Field(1.0, ge=0)
    """After an event's end, its label rests for this long."""
    update_s: float = Field(5.0, gt=0)
    """A running event is updated this often."""

    @model_validator(mode="after")
    def _levels_are_in_order(self) -> "SmoothingConfig":
        if self.release > self.threshold:
            raise ValueError(f"release: {self.release}, must not be above threshold ({self.threshold})")
        if self.sure < self.threshold:
            raise ValueError(f"sure: {self.sure}, must not be below threshold ({self.threshold})")
        return self


@dataclass(slots=True)
class _Held:
    """The event that is on."""

    id: str
    label: str
    start_s: float
    last: KnownWindow
    best: KnownWindow
    updated_s: float
    windows: int = 0
    total: float = 0.0

    def support(self, window: KnownWindow) -> None:
        score = window.scored.scores[self.label]
        self.windows, self.total, self.last = self.windows + 1, self.total + score, window
        if score >= self.best.scored.scores[self.label]:
            self.best = window


def mean_score(windows: Iterable[KnownWindow], label: str) -> float:
    """Mean score of ``label`` in [0, 1] over ``windows``; 0 where there are none."""
    scores = [window.scored.scores[label] for window in windows]
    return sum(scores) / len(scores) if scores else 0.0


def voters(windows: Iterable[KnownWindow], label: str, threshold: float) -> list[KnownWindow]:
    """The windows whose score for ``label`` reaches ``threshold``, oldest first."""
    return [window for window in windows if window.scored.scores[label] >= threshold]


def count(votes: Iterable[KnownWindow], label: str, config: SmoothingConfig) -> float:
    """The votes of windows that vote for ``label``: 1 each, ``sure_votes`` where the score is ``sure``."""
    return sum(config.sure_votes if window.scored.scores[label] >= config.sure else 1.0 for window in votes)


class SmoothScores:
    """Holds the last windows and the event that is on; at most one event is on at a time."""

    def __init__(
        self,
        config: SmoothingConfig,
        pipeline: str,
        new_id: Callable[[float], str] = lambda t: str(ULID.from_timestamp(t)),
    ) -> None:
        self._config = config
        self._pipeline = pipeline
        self._new_id = new_id
        self._recent: deque[KnownWindow] = deque()
        self._held: _Held | None = None
        self._rest_until_s: dict[str, float] = {}

    def __call__(self, window: KnownWindow) -> Iterator[Event]:
        now_s = window.scored.span.end_s
        yield from self.advance(now_s)
        self._remember(window, now_s)
        before = self._held
        yield from self._start(now_s)
        if before is not None and before is self._held:
            yield from self._keep(before, window, now_s)

    def advance(self, now_s: float) -> Iterator[Event]:
        """All that was heard until ``now_s`` has been looked at: what nothing keeps on, ends."""
        held, config = self._held, self._config
        if held is None:
            return
        due_s = max(held.start_s + config.min_on_s, held.last.scored.span.end_s + config.min_off_s)
        if now_s >= due_s:  # and not now_s: when it ended does not depend on how often we are asked
            yield self._end(held, due_s)

    def finish(self) -> Iterator[Event]:
        """The sound stops here (the source is lost or closed): what is on, ends.

        Nothing rests any longer: a source that comes back counts its seconds from 0.
        """
        if self._held is not None:
            yield self._end(self._held, self._held.last.scored.span.end_s)
        self._recent.clear()
        self._rest_until_s.clear()

    def _remember(self, window: KnownWindow, now_s: float) -> None:
        self._recent.append(window)
        while self._recent[0].scored.span.end_s <= now_s - self._config.vote_s:
            self._recent.popleft()

    def _start(self, now_s: float) -> Iterator[Event]:
        """Start the label with enough votes and the highest score, in place of another that is on."""
        label = max(self._config.labels, key=lambda name: mean_score(self._recent, name))
        votes = voters(self._recent, label, self._config.threshold)
        held = self._held
        if count(votes, label, self._config) < self._config.votes or now_s < self._rest_until_s.get(label, 0.0):
            return
        if held is not None:
            if held.label == label or now_s - held.start_s < self._config.min_on_s:
                return
            yield self._end(held, now_s)
        yield self._begin(label, votes, now_s)

    def _begin(self, label: str, votes: list[KnownWindow], now_s: float) -> Event:
        span = votes[0].scored.span
        event_id = self._new_id(span.epoch_s + span.start_s)
        self._held = held = _Held(event_id, label, span.start_s, votes[0], votes[0], now_s)
        for window in votes:
            held.support(window)
        return self._event(held, Phase.START, mean_score(votes, label), now_s)

    def _keep(self, held: _Held, window: KnownWindow, now_s: float) -> Iterator[Event]:
        if window.scored.scores[held.label] >= self._config.release:
            held.support(window)
        if now_s - held.updated_s >= self._config.update_s:
            held.updated_s = now_s
            yield self._event(held, Phase.UPDATE, mean_score(self._recent, held.label), now_s)

    def _end(self, held: _Held, now_s: float) -> Event:
        self._held = None
        self._rest_until_s[held.label] = now_s + self._config.refractory_s
        return self._event(held, Phase.END, held.total / held.windows, now_s)

    def _event(self, held: _Held, phase: Phase, confidence: float, now_s: float) -> Event:
        last = held.last.scored
        return Event(
            id=held.id,
            pipeline=self._pipeline,
            phase=phase,
            label=held.label,
            confidence=confidence,
            start_s=held.start_s,
            end_s=last.span.end_s,
            observed_s=now_s,
            epoch_s=last.span.epoch_s,
            model=last.model,
            evidence={**held.best.evidence, "windows": held.windows},
        )
