"""Event: something that began, went on and ended, as a pipeline tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Phase(StrEnum):
    """Where in its life an event is."""

    START = "start"
    UPDATE = "update"
    END = "end"


@dataclass(frozen=True, slots=True)
class ModelUse:
    """Which model made a decision, and where it ran."""

    name: str
    sha256: str
    device: str


@dataclass(frozen=True, slots=True)
class Event:
    """One phase of one event. ``id`` is the event's: its start, updates and end share it."""

    id: str
    """ULID."""
    pipeline: str
    phase: Phase
    label: str
    confidence: float
    """Score in [0, 1] of ``label``: of late for a start or an update, of the whole event for its end."""
    start_s: float
    """Seconds of the source's time, as in :class:`~edged.messages.sound.Span`."""
    end_s: float
    """The end of the last window that showed it (so far)."""
    observed_s: float
    """The moment at which this was decided."""
    epoch_s: float
    model: ModelUse
    evidence: Mapping[str, float] = field(default_factory=dict)
    subject: str | None = None
    """Whom it is about: ``person:<id in the gallery>``, or ``stranger:<ULID>``, the same for as long as they stay."""
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds by step."""
    portrait: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)
    """The face as it looked best so far, sharp, blue, green, red; None where no images are published. It is no part of
    the event's message and is never written to disk."""
