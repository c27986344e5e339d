"""ComputeLogMel: from samples to log-mel energies, the picture that the classifier sees.

Training and the running box use this one implementation, so their features are equal bit for bit.
"""

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.dsp import hann
from edged.messages.sound import HarmonicWindow, LogMelWindow, Samples


class LogMelConfig(Section):
    """Physical parameters of the features. All are tied to the trained model: they come from its card."""

    rate_hz: int = Field(16000, gt=0)
    """Sample rate of the windows."""
    frame_s: float = Field(0.064, gt=0)
    """Length of the Hann window of one frame: long enough to tell a rotor's harmonics apart."""
    hop_s: float = Field(0.032, gt=0)
    """From one frame to the next."""
    fft: int = Field(1024, gt=0)
    """Points of the Fourier transform; the frame is padded with zeros to it."""
    bands: int = Field(128, gt=0)
    """Mel bands."""
    min_hz: float = Field(50.0, ge=0)
    """Lower edge of the lowest band."""
    max_hz: float = Field(8000.0, gt=0)
    """Upper edge of the highest band."""
    floor: float = Field(1e-7, gt=0)
    """Added to a band's power before the logarithm, so that silence has a value."""
    range_db: float = Field(60.0, gt=0)
    """What is further below the window's loudest band is raised to there: quieter than that is not heard."""


def hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frequency in hertz on the mel scale of O'Shaughnessy (1987), 2595 · log10(1 + f / 700), as HTK has it."""
    return 2595.0 * np.log10(1.0 + hz / 700.0)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of :func:`hz_to_mel`."""
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


@lru_cache(maxsize=8)
def mel_filters(config: LogMelConfig) -> NDArray[np.float32]:
    """Triangles of height 1, evenly spaced in mel: shape (fft // 2 + 1, bands)."""
    low_mel, high_mel = hz_to_mel(np.array([config.min_hz, config.max_hz])).tolist()
    edges_mel = np.linspace(low_mel, high_mel, config.bands + 2)
    low, centre, high = (mel_to_hz(edges_mel)[i : i + config.bands] for i in range(3))
    bins_hz = np.fft.rfftfreq(config.fft, 1.0 / config.rate_hz)[:, None]
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def overlapping(samples: Samples, frame: int, hop: int) -> Samples:
    """A view of (..., n) as (..., frames, frame): numpy's sliding_window_view is safer, and 20 times slower."""
    sound = np.ascontiguousarray(samples)
    frames, step = 1 + (sound.shape[-1] - frame) // hop, sound.itemsize
    if frames < 1:
        raise ValueError(f"{sound.shape[-1]} samples, must be at least {frame}")
    return np.ndarray(
        (*sound.shape[:-1], frames, frame), sound.dtype, sound, 0, (*sound.strides[:-1], hop * step, step)
    )


def log_mel(samples: Samples, config: LogMelConfig) -> NDArray[np.float32]:
    """Natural logarithm of mel-band power, relative to the window's own mean (so that gain does not matter).

    Takes float32 of shape (..., n), gives float32 of shape (..., frames, bands) with
    frames = 1 + (n - frame) // hop. The leading axes are a batch.
    """
    frame, hop = round(config.frame_s * config.rate_hz), round(config.hop_s * config.rate_hz)
    frames = overlapping(samples, frame, hop) * hann(frame)
    spectrum = np.fft.rfft(frames, config.fft).astype(np.complex64, copy=False)
    power = spectrum.real**2 + spectrum.imag**2
    energies = np.log(power @ mel_filters(config) + np.float32(config.floor))
    quietest = energies.max(axis=(-2, -1), keepdims=True) - np.float32(config.range_db * math.log(10.0) / 10.0)
    energies = np.maximum(energies, quietest)
    relative: NDArray[np.float32] = energies - energies.mean(axis=(-2, -1), keepdims=True)
    return relative


class ComputeLogMel:
    """Turns each window into its features."""

    def __init__(self, config: LogMelConfig) -> None:
        self._config = config

    def __call__(self, item: HarmonicWindow) -> Iterable[LogMelWindow]:
        features = log_mel(item.window.samples, self._config)
        yield LogMelWindow(features, item.harmonics, item.window.span)
