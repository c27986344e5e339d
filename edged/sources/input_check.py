"""InputCheck: is what comes in sound at all? Each fault is a named condition in the source's health, not a log line."""

from dataclasses import replace

import numpy as np
from pydantic import Field

from edged.config import Section
from edged.messages.sound import Chunk, Samples, Span
from edged.runtime.health import Part
from edged.sources.sample_rate import LiveChunk, SampleRate

LOUDEST = 1e6
"""No sample is larger, even where a file holds 16-bit numbers as they are; the stages' float32 sums stay finite."""


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
    rate_off: float = Field(0.005, ge=0.005, le=1)
    """Sample rate off: at least this share too many or too few samples come, seen once that makes 0.25 s of sound."""


def faults(samples: Samples, config: InputCheckConfig) -> set[str]:
    """The names of what is wrong with ``samples``: ``not finite``, ``silent``, ``clipping``, ``offset``."""
    if not len(samples):
        return set()
    usable = finite(samples)
    found = set() if usable is samples else {"not finite"}
    low, high = float(usable.min()), float(usable.max())
    if high - low <= config.silence:
        return found | {"silent"}
    if np.mean(np.abs(usable) >= config.clipping) >= config.clipped_share:
        found.add("clipping")
    if abs(float(usable.mean(dtype=np.float64))) >= config.offset:
        found.add("offset")
    return found


def finite(samples: Samples) -> Samples:
    """The same sound with 0 wherever a sample is NaN, infinite or beyond all reason (``LOUDEST``)."""
    sane = np.abs(samples) <= LOUDEST  # False for NaN
    return samples if sane.all() else np.where(sane, samples, np.float32(0))


class InputCheck:
    """Remembers since when each fault has lasted, in the source's own time, and tells the source's health."""

    NAMES = ("not finite", "silent", "clipping", "offset")

    def __init__(self, config: InputCheckConfig, health: Part) -> None:
        self._config, self._health = config, health
        self._since_s: dict[str, float] = {}
        self._rate, self._rate_off, self._rate_off_at_s = SampleRate(), 0.0, 0.0

    def __call__(self, chunk: Chunk) -> Chunk:
        """The chunk, its non-finite samples set to 0."""
        if not len(chunk.samples):
            return chunk
        if chunk.gap:
            self._health.count("gaps")
        found = faults(chunk.samples, self._config)
        for name in self.NAMES:
            self._look_at(name, chunk.span, on=name in found)
        if isinstance(chunk, LiveChunk):
            self._look_at_rate(chunk)
        return replace(chunk, samples=finite(chunk.samples)) if "not finite" in found else chunk

    def _look_at(self, name: str, span: Span, *, on: bool) -> None:
        if not on:
            self._since_s.pop(name, None)
            self._health.condition(name, on=False)
            return
        began_s = self._since_s[name] = min(span.start_s, self._since_s.get(name, span.start_s))  # may begin anew at 0
        lasted_s = span.end_s - began_s
        self._health.condition(name, on=lasted_s >= self._config.after_s, lasted_s=lasted_s)

    def _look_at_rate(self, chunk: LiveChunk) -> None:
        """Said as it was first measured, and anew only where that turns out to be wrong by a fifth."""
        error, said = self._rate(chunk), self._rate_off
        if abs(error) < self._config.rate_off * (0.8 if said else 1.0):
            error = 0.0
        if abs(error - said) <= abs(said) / 5:
            return
        if not said:
            self._rate_off_at_s = chunk.taken_s
        self._rate_off = error
        if error:
            self._health.condition(_rate_off(error), on=True, lasted_s=chunk.taken_s - self._rate_off_at_s)
        if said:  # after the new word, so that it is not well in between
            self._health.condition(_rate_off(said), on=False)


def _rate_off(error: float) -> str:
    return f"sample rate off by {100 * error:+.1f} %"
