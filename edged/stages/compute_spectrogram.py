"""Spectrogram: from samples to a log-mel spectrogram as VGGish and YAMNet have it: magnitudes, not normalised.

Hershey et al., CNN Architectures for Large-Scale Audio Classification (2017). It differs from ComputeLogMel, which is
of the models that edged trains: loudness is in it, and its triangles are straight in mel and not in hertz.
"""

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.dsp import hann
from edged.messages.sound import Samples


class SpectrogramConfig(Section):
    """Physical parameters of the spectrogram. All are tied to the trained model: they come from its card."""

    kind: Literal["magnitudes"] = "magnitudes"
    """Tells these features on a card from those of ComputeLogMel, which has no such key."""
    rate_hz: int = Field(16000, gt=0)
    """Sample rate of the windows."""
    frame_s: float = Field(0.025, gt=0)
    """Length of the Hann window of one frame."""
    hop_s: float = Field(0.010, gt=0)
    """From one frame to the next."""
    fft: int = Field(512, gt=0)
    """Points of the Fourier transform; the frame is padded with zeros to it."""
    bands: int = Field(64, gt=0)
    """Mel bands."""
    min_hz: float = Field(125.0, ge=0)
    """Lower edge of the lowest band."""
    max_hz: float = Field(7500.0, gt=0)
    """Upper edge of the highest band."""
    offset: float = Field(1e-3, gt=0)
    """Added to a band's magnitude before the logarithm, so that silence has a value."""


def mel(hz: NDArray[np.floating]) -> NDArray[np.floating]:
    """Frequency in hertz on the mel scale as HTK has it, 1127 · ln(1 + f / 700)."""
    return np.asarray(1127.0 * np.log1p(hz / 700.0))


@lru_cache(maxsize=8)
def mel_weights(config: SpectrogramConfig) -> NDArray[np.float32]:
    """Triangles of height 1, evenly spaced and straight in mel: shape (fft // 2 + 1, bands)."""
    low_mel, high_mel = mel(np.array([config.min_hz, config.max_hz])).tolist()
    edges = np.linspace(low_mel, high_mel, config.bands + 2)
    low, centre, high = (edges[i : i + config.bands] for i in range(3))
    bins = mel(np.fft.rfftfreq(config.fft, 1.0 / config.rate_hz))[:, None]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), np.float32)


def spectrogram(samples: Samples, config: SpectrogramConfig) -> NDArray[np.float32]:
    """Natural logarithm of mel-band magnitude. float32 (n,) -> float32 (frames, bands), 1 + (n - frame) // hop frames.

    ValueError where there are fewer samples than a frame has.
    """
    frame, hop = round(config.frame_s * config.rate_hz), round(config.hop_s * config.rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame)[::hop] * hann(frame)
    magnitudes = np.abs(np.fft.rfft(frames, config.fft)).astype(np.float32)
    logarithms: NDArray[np.float32] = np.log(magnitudes @ mel_weights(config) + np.float32(config.offset))
    return logarithms
