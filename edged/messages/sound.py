"""What travels along the sound pipeline, from the microphone's chunk to the scored window.

Each type is made by one stage and asked for by the next, so that a stage left out is a type error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edged.messages.event import ModelUse

Samples = NDArray[np.float32]
"""Mono sound, shape (n,), float32, full scale is [-1, 1]."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source's time."""

    start_s: float
    """Seconds of the stream (of the recording, or since the microphone was opened)."""
    end_s: float
    epoch_s: float = 0.0
    """Unix time of the stream's second 0, so that ``epoch_s + start_s`` is a time of day."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a source hands over: any number of samples, in order."""

    samples: Samples
    span: Span
    gap: bool = False
    """Samples are missing between the chunk before and this one."""


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of sound that a model looks at."""

    samples: Samples
    span: Span


@dataclass(frozen=True, slots=True)
class Harmonics:
    """The strongest harmonic series in a window: why the gate let it through."""

    f0_hz: float
    """Fundamental frequency (of a rotor: the blade-pass frequency)."""
    count: int
    """Harmonics that stand out from the noise floor."""
    snr_db: float
    """Mean height of the harmonics over the noise floor round them."""


@dataclass(frozen=True, slots=True)
class HarmonicWindow:
    """A window that the gate passed."""

    window: Window
    harmonics: Harmonics


@dataclass(frozen=True, slots=True)
class LogMelWindow:
    """A window's features."""

    features: NDArray[np.float32]
    """Log-mel energies, shape (frames, bands)."""
    harmonics: Harmonics
    span: Span


@dataclass(frozen=True, slots=True)
class ScoredWindow:
    """A window with the model's opinion."""

    scores: Mapping[str, float]
    """Score in [0, 1] by label; they sum to 1."""
    embedding: NDArray[np.float32]
    """The model's inner picture of the window, shape (d,)."""
    model: ModelUse
    harmonics: Harmonics
    span: Span


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A scored window that resembles what the model was trained on."""

    scored: ScoredWindow
    evidence: Mapping[str, float] = field(default_factory=dict)
    """Named figures, among them the distance to the known; units in the names."""
