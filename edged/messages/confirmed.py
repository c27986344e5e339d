"""ConfirmedEvent: what several pipelines agree on."""

from dataclasses import dataclass
from typing import NamedTuple

from edged.messages.event import Event


class Witness(NamedTuple):
    """An event that agrees with others."""

    pipeline: str
    id: str
    label: str
    confidence: float
    """When it was first confirmed by the others, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class ConfirmedEvent(Event):
    """An event that is no pipeline's own; ``pipeline`` is the rule's name."""

    witnesses: tuple[Witness, ...] = ()
    """One of each condition, in the rule's order."""
