"""Mono: whatever a device or a file gives -> mono float32 at the rate that the models ask for."""

import numpy as np
import soxr
from numpy.typing import NDArray

from edged.messages.sound import Chunk, Samples, Span


class Mono:
    """Mixes channels down, resamples and dates what comes out. One stream, in order."""

    def __init__(self, from_hz: int, to_hz: int, epoch_s: float = 0.0) -> None:
        self._resampler = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
        self._to_hz = to_hz
        self._done = 0
        self.epoch_s = epoch_s

    def __call__(self, frames: NDArray[np.float32], *, gap: bool = False, last: bool = False) -> Chunk:
        """``frames`` of shape (n, channels), float32 -> the next chunk; ``last`` flushes the resampler."""
        with np.errstate(all="ignore"):  # NaN and the like are InputCheck's business
            mono: Samples = frames[:, 0] if frames.shape[1] == 1 else frames.mean(axis=1, dtype=np.float32)
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(np.ascontiguousarray(mono), last=last)
        start_s = self._done / self._to_hz
        self._done += len(mono)
        span = Span(start_s, self._done / self._to_hz, self.epoch_s)
        return Chunk(np.ascontiguousarray(mono, dtype=np.float32), span, gap)
