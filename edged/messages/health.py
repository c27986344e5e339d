"""How well a part of the box is, and the box as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """From the best to the worst; ``off`` is meant to be so."""

    OFF = "off"
    OK = "ok"
    STARTING = "starting"
    DEGRADED = "degraded"
    FAILING = "failing"

    @property
    def is_well(self) -> bool:
        """Nobody need look after it."""
        return self not in {State.DEGRADED, State.FAILING}


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one step takes."""

    p50_ms: float
    """Of the last hour, to within its bucket; 0 without any."""
    p95_ms: float
    max_ms: float
    """Of the last hour, exactly."""
    buckets: tuple[tuple[float, int], ...]
    """Since the start: how many took at most so many seconds; the last bound is infinite and counts all."""
    sum_s: float
    """Of all since the start."""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One source, pipeline, model or sink at one moment."""

    state: State
    reasons: tuple[str, ...]
    """Why it is not ok, in words, with how long."""
    counters: Mapping[str, float]
    """What was passed, dropped, skipped, since the start; and figures such as a shadow's agreement."""
    figures: frozenset[str] = frozenset()
    """Which of the counters go up and down."""
    since_s: float = 0.0
    """Unix time at which it got into this state, by today's clock."""
    remedies: tuple[str, ...] = ()
    """What a person can do about it."""
    needed: bool = True
    """Whether the box is no better than this part."""
    latency: Mapping[str, Latency] = field(default_factory=dict)
    """By step."""


def worst(states: Iterable[State]) -> State:
    """The worst of ``states``; ``ok`` for none. The box is as well as its worst part."""
    order = list(State)
    return max(states, key=order.index, default=State.OK)
