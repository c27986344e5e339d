"""InputCheck: is what comes in sound at all? Each fault is a named condition in the source's health, not a log line."""

from dataclasses import replace

import numpy as np
from pydantic import Field

from edged.config import Section
from edged.messages.sound import Chunk, Samples
from edged.runtime.health import Part


class InputCheckConfig(Section):
    """What counts as unhealthy sound."""

    after_s: float = Field(3.0, ge=0, le=60)
    """A condition must last so long before it reaches health."""
    silence: float = Field(1e-6, ge=0, lt=1)
    """Digital silence: the sound moves by no more than this (full scale is 1). A live microphone always hisses more."""
    clipping: float = Field(0.999, gt=0, le=1)
    """A sample at least this large is clipped."""
    clipped_share: float = Field(0.01, gt=0, le=1)
    """Clipping: at least this share of a chunk's samples is clipped."""
    offset: float = Field(0.1, gt=0, le=1)
    """Offset (DC): the mean of a chunk is this far from 0."""


def faults(samples: Samples, config: InputCheckConfig) -> set[str]:
    """The names of what is wrong with ``samples``: ``not finite``, ``silent``, ``clipping``, ``offset``."""
    if not len(samples):
        return set()
    found = set() if np.isfinite(samples).all() else {"not finite"}
    usable = samples if not found else finite(samples)
    low, high = float(usable.min()), float(usable.max())
    if high - low <= config.silence:
        return found | {"silent"}
    if np.mean(np.abs(usable) >= config.clipping) >= config.clipped_share:
        found.add("clipping")
    if abs(float(usable.mean())) >= config.offset:
        found.add("offset")
    return found


def finite(samples: Samples) -> Samples:
    """The same sound with 0 wherever a sample is NaN or infinite."""
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


class InputCheck:
    """Remembers since when each fault has lasted, in the source's own time, and tells the source's health."""

    NAMES = ("not finite", "silent", "clipping", "offset")

    def __init__(self, config: InputCheckConfig, health: Part) -> None:
        self._config, self._health = config, health
        self._since_s: dict[str, float] = {}

    def __call__(self, chunk: Chunk) -> Chunk:
        """The chunk, its non-finite samples set to 0."""
        found = faults(chunk.samples, self._config)
        for name in self.NAMES:
            began_s = self._since_s.setdefault(name, chunk.span.start_s) if name in found else None
            if began_s is None:
                self._since_s.pop(name, None)
            lasted_s = 0.0 if began_s is None else chunk.span.end_s - began_s
            self._health.condition(name, on=began_s is not None and lasted_s >= self._config.after_s, lasted_s=lasted_s)
        return replace(chunk, samples=finite(chunk.samples)) if "not finite" in found else chunk
