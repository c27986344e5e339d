"""ConfirmEvents: from the events of several pipelines to one that says that they agree.

Two events agree when both are on, or one began at most ``within_s`` after the other had ended. By Unix time: sources
have clocks of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product

from pydantic import Field
from ulid import ULID

from edged.config import Section, Slug
from edged.messages.confirmed import ConfirmedEvent, Witness
from edged.messages.event import Event, Phase
from edged.stages.hold_back import PublishConfig

CONFIRMED = "confirmed"
MOST = 50
"""Events of one condition that are remembered; the oldest are forgotten first."""
MOST_TRIED = MOST**2
"""Combinations that are looked at when an event comes, the newest first: with up to three conditions, all of them."""


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


def note(event: Event, condition: Condition, known: dict[str, Event]) -> bool:
    """Remember it if it is what the condition asks for, and forget it if it was: it is taken for something else now."""
    if event.pipeline != condition.pipeline or (condition.labels and event.label not in condition.labels):
        known.pop(event.id, None)
        return False
    known[event.id] = event
    if len(known) > MOST:
        del known[next(iter(known))]
    return True


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
        matched = [note(event, *each) for each in zip(self._config.all, self._known, strict=True)]
        self._used &= {it for known in self._known for it in known}
        if self._on is not None:
            # it ends with the first of its witnesses that ends
            if event.phase is Phase.END and event.id in {one.id for one in self._on.witnesses}:
                yield from self._end(event)
        elif any(matched):
            yield from self._begin(event)

    def finish(self) -> Iterator[Event]:
        """The rule is given up: what is confirmed ends with the last that its witnesses said."""
        if self._on is not None:
            ids = {one.id for one in self._on.witnesses}
            said = [event for known in self._known for event in known.values() if event.id in ids]
            yield from self._end(max((self._on, *said), key=lambda event: event.epoch_s + event.end_s))

    def _begin(self, event: Event) -> Iterator[Event]:
        for witnesses in islice(self._combinations(event), MOST_TRIED):
            if self._is_new(witnesses, event) and self._agree(witnesses):
                self._on = self._confirmed(event, witnesses)
                self._used |= {one.id for one in witnesses}
                yield self._on
                if all(one.phase is Phase.END for one in witnesses):
                    yield from self._end(event)
                return

    def _combinations(self, event: Event) -> Iterator[tuple[Event, ...]]:
        """One event of each condition, ``event`` among them."""
        within_s, lasting = self._config.within_s, span(event)
        near = [[it for it in reversed(known.values()) if lasting.gap_s(span(it)) <= within_s] for known in self._known]
        for place, known in enumerate(self._known):
            if event.id in known:
                yield from product(*near[:place], (event,), *near[place + 1 :])

    def _is_new(self, witnesses: tuple[Event, ...], event: Event) -> bool:
        """One of them has not been a witness; or none has, where it is an end that tells of them."""
        used = [one.id in self._used for one in witnesses]
        return not (any(used) if event.phase is Phase.END else all(used))

    def _agree(self, witnesses: tuple[Event, ...]) -> bool:
        if len({one.id for one in witnesses}) < len(witnesses):
            return False
        spans = [span(one) for one in witnesses]
        return all(a.gap_s(b) <= self._config.within_s for a, b in product(spans, spans))

    def _confirmed(self, event: Event, witnesses: tuple[Event, ...]) -> ConfirmedEvent:
        """It began when the last of its witnesses did; it is no surer than the least sure of them.

        It lasts as long as all of them are known to: what one alone goes on with is no agreement.
        """
        began_s = max(span(one).start_s for one in witnesses) - event.epoch_s
        shared_until_s = min(one.epoch_s + one.end_s for one in witnesses) - event.epoch_s
        return ConfirmedEvent(
            id=str(ULID()),
            pipeline=self._name,
            phase=Phase.START,
            label=CONFIRMED,
            confidence=min(one.confidence for one in witnesses),
            start_s=began_s,
            end_s=max(began_s, shared_until_s),
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
