"""ConfirmEvents: from the events of several pipelines to one that says that they agree.

Two events agree when both are on, or one began at most ``within_s`` after the other had ended. By Unix time: sources
have clocks of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from pydantic import Field
from ulid import ULID

from edged.config import Section, Slug
from edged.messages.confirmed import ConfirmedEvent, Witness
from edged.messages.event import Event, Phase
from edged.stages.hold_back import PublishConfig

CONFIRMED = "confirmed"
MOST = 50
"""Events of one condition that are remembered; the oldest are forgotten first."""


class Condition(Section):
    """Events of a pipeline."""

    pipeline: Slug
    """The pipeline's name."""
    labels: tuple[str, ...] = ()
    """One of these; none named: whatever its label is."""


class ConfirmationConfig(Section):
    """A rule: when something of each of these happens together, a `confirmed` event names them."""

    all: tuple[Condition, ...] = Field(min_length=2, max_length=8)
    """Each of them, such as [{pipeline: drones}, {pipeline: objects, labels: [airplane]}]."""
    within_s: float = Field(10.0, ge=0, le=3600)
    """One may have ended so long before the next began."""
    publish: PublishConfig = PublishConfig()


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when an event lasted, in Unix time; ``end_s`` is infinite while it is on."""

    start_s: float
    end_s: float

    def gap_s(self, other: "Span") -> float:
        """Seconds between them; 0 where they overlap."""
        return max(0.0, self.start_s - other.end_s, other.start_s - self.end_s)


def span(event: Event) -> Span:
    """When it was, or is."""
    end_s = event.epoch_s + event.end_s if event.phase is Phase.END else float("inf")
    return Span(event.epoch_s + event.start_s, end_s)


class ConfirmEvents:
    """Holds what each condition's events are and were, and the confirmation that is on. Not thread-safe."""

    def __init__(self, config: ConfirmationConfig, name: str) -> None:
        """``name``: of the rule."""
        self._config, self._name = config, name
        self._known: list[dict[str, Event]] = [{} for _ in config.all]
        self._used: set[str] = set()  # ids of witnesses: one that has been one does not confirm twice
        self._on: ConfirmedEvent | None = None

    def __call__(self, event: Event) -> Iterator[Event]:
        """An event of any pipeline; others than the rule's are left alone."""
        matched = False
        for condition, known in zip(self._config.all, self._known, strict=True):
            if event.pipeline == condition.pipeline and (not condition.labels or event.label in condition.labels):
                known[event.id] = event
                matched = True
                if len(known) > MOST:
                    self._used.discard(next(iter(known)))
                    del known[next(iter(known))]
        if self._on is not None:
            # it ends with the first of its witnesses that ends
            if event.phase is Phase.END and event.id in {one.id for one in self._on.witnesses}:
                yield from self._end(event)
        elif matched:
            yield from self._begin(event)

    def _begin(self, event: Event) -> Iterator[Event]:
        for witnesses in product(*(known.values() for known in self._known)):
            if event in witnesses and self._agree(witnesses):
                self._on = self._confirmed(event, witnesses)
                self._used |= {one.id for one in witnesses}
                yield self._on
                if all(one.phase is Phase.END for one in witnesses):
                    yield from self._end(event)
                return

    def _agree(self, witnesses: tuple[Event, ...]) -> bool:
        if len({one.id for one in witnesses}) < len(witnesses) or all(one.id in self._used for one in witnesses):
            return False
        spans = [span(one) for one in witnesses]
        return all(a.gap_s(b) <= self._config.within_s for a, b in product(spans, spans))

    def _confirmed(self, event: Event, witnesses: tuple[Event, ...]) -> ConfirmedEvent:
        """It began when the last of its witnesses did; it is no surer than the least sure of them."""
        began_s = max(span(one).start_s for one in witnesses) - event.epoch_s
        return ConfirmedEvent(
            id=str(ULID()),
            pipeline=self._name,
            phase=Phase.START,
            label=CONFIRMED,
            confidence=min(one.confidence for one in witnesses),
            start_s=began_s,
            end_s=max(began_s, event.end_s),
            observed_s=event.observed_s,
            epoch_s=event.epoch_s,
            model=event.model,
            latency_ms=event.latency_ms,
            witnesses=tuple(Witness(one.pipeline, one.id, one.label, one.confidence) for one in witnesses),
        )

    def _end(self, event: Event) -> Iterator[Event]:
        on, self._on = self._on, None
        if on is not None:
            at_s = event.epoch_s - on.epoch_s
            end_s = max(on.start_s, event.end_s + at_s)
            yield replace(on, phase=Phase.END, end_s=end_s, observed_s=event.observed_s + at_s)
