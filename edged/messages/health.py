"""How well a part of the box is, and the box as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """From the best to the worst; ``off`` is meant to be so."""

    OFF = "off"
    OK = "ok"
    STARTING = "starting"
    DEGRADED = "degraded"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One source, pipeline, model or sink at one moment."""

    state: State
    reasons: tuple[str, ...]
    """Why it is not ok, in words, with how long."""
    counters: Mapping[str, float]
    """What was passed, dropped, skipped, since the start; and figures such as a shadow's agreement."""


def worst(states: "list[State]") -> State:
    """The worst of ``states``; ``ok`` for none. The box is as well as its worst part."""
    order = list(State)
    return max(states, key=order.index, default=State.OK)
