"""What travels along the pipeline of sounds, between a window and the scores of everyday sounds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edged.messages.event import ModelUse
from edged.messages.sound import Span


@dataclass(frozen=True, slots=True)
class SoundFeatures:
    """What a model of sound events is given of a window."""

    values: NDArray[np.float32]
    """As its card says: log-mel of shape (frames, bands), or the samples themselves, shape (n,)."""
    span: Span


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """A window with the model's opinion of each label."""

    scores: Mapping[str, float]
    """Score in [0, 1] by label, each on its own: several may be heard at once."""
    model: ModelUse
    span: Span
