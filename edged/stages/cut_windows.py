"""CutWindows: from chunks of any length to overlapping windows of one length."""

from collections.abc import Iterator

import numpy as np
from pydantic import Field, model_validator

from edged.config import Section
from edged.messages.sound import Chunk, Samples, Span, Window


class WindowsConfig(Section):
    """How the sound is cut."""

    window_s: float = Field(1.0, gt=0, le=60)
    """Length of a window; tied to the trained model."""
    hop_s: float = Field(0.25, gt=0, le=60)
    """From the start of one window to the start of the next; smaller is more watchful and costs more."""
    rate_hz: int = Field(16000, gt=0)
    """Sample rate of the sound; tied to the trained model."""

    @model_validator(mode="after")
    def _hop_is_within_window(self) -> "WindowsConfig":
        if self.hop_s > self.window_s:
            raise ValueError(
                f"hop_s: {self.hop_s}, must not be above window_s ({self.window_s}): sound would be skipped"
            )
        return self


class CutWindows:
    """Keeps the tail of the sound that no full window has covered yet; starts afresh after a gap."""

    def __init__(self, config: WindowsConfig) -> None:
        self._rate_hz = config.rate_hz
        self._length = round(config.window_s * config.rate_hz)
        self._hop = max(1, round(config.hop_s * config.rate_hz))
        self._kept: list[Samples] = []
        self._count = 0

    def __call__(self, chunk: Chunk) -> Iterator[Window]:
        if chunk.gap:
            self.finish()
        start_s = chunk.span.start_s - self._count / self._rate_hz
        if len(chunk.samples):
            self._kept.append(chunk.samples)
        self._count += len(chunk.samples)
        if self._count < self._length:
            return
        sound = np.concatenate(self._kept)
        count = (len(sound) - self._length) // self._hop + 1
        self._kept = [sound[count * self._hop :]]
        self._count = len(self._kept[0])
        for begin in range(0, count * self._hop, self._hop):
            at_s = start_s + begin / self._rate_hz
            span = Span(at_s, at_s + self._length / self._rate_hz, chunk.span.epoch_s)
            yield Window(sound[begin : begin + self._length], span)

    def finish(self) -> tuple[()]:
        """Forget the tail: what comes next does not follow on it."""
        self._kept, self._count = [], 0
        return ()
