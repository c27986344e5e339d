"""ComputeLogMel: the features, judged by librosa, and what must not change them."""

import librosa
import numpy as np
import pytest

from edged.messages.sound import Harmonics, HarmonicWindow, Span, Window
from edged.stages.compute_log_mel import ComputeLogMel, LogMelConfig, log_mel

TOLERANCE = 2e-3
"""Nepers of power; librosa computes in float32 as well, by another route."""
FINE = LogMelConfig()
COARSE = LogMelConfig(frame_s=0.025, hop_s=0.010, fft=512, bands=40, min_hz=20.0, max_hz=7600.0)


def noise(seed: int = 0, shape: tuple[int, ...] = (16000,)) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def by_librosa(samples: np.ndarray, config: LogMelConfig) -> np.ndarray:
    frame, hop = round(config.frame_s * config.rate_hz), round(config.hop_s * config.rate_hz)
    frames = librosa.util.frame(samples, frame_length=frame, hop_length=hop, axis=0)
    windowed = frames * librosa.filters.get_window("hann", frame)
    power = np.abs(np.fft.rfft(windowed, config.fft)) ** 2
    filters = librosa.filters.mel(
        sr=config.rate_hz,
        n_fft=config.fft,
        n_mels=config.bands,
        fmin=config.min_hz,
        fmax=config.max_hz,
        htk=True,
        norm=None,
    )
    energies = np.log(power @ filters.T + config.floor)
    energies = np.maximum(energies, energies.max() - config.range_db / 10 * np.log(10))
    return energies - energies.mean()


@pytest.mark.filterwarnings("ignore:Empty filters:UserWarning")
@pytest.mark.parametrize("config", [FINE, COARSE], ids=["default", "coarse"])
def test_features_are_those_of_librosa(config: LogMelConfig) -> None:
    """Frames, filters and logarithm agree with librosa's (HTK mel, triangles of height 1) within 0.002 nepers."""
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000).astype(np.float32)
    for samples in (noise(), noise(1) * 0.01 + tone):
        assert np.abs(log_mel(samples, config) - by_librosa(samples, config)).max() < TOLERANCE


def test_a_batch_gives_the_bits_of_single_windows() -> None:
    """Features of a batch equal those of its windows one by one, bit for bit."""
    windows = noise(2, (7, 16000))
    assert np.array_equal(log_mel(windows, FINE), np.stack([log_mel(window, FINE) for window in windows]))


def test_shape_and_dtype_follow_from_the_config() -> None:
    """One second gives 1 + (16000 - frame) // hop frames of float32."""
    features = log_mel(noise(), FINE)
    frame, hop = round(FINE.frame_s * 16000), round(FINE.hop_s * 16000)
    assert features.shape == (1 + (16000 - frame) // hop, FINE.bands)
    assert features.dtype == np.float32


def test_gain_does_not_matter() -> None:
    """The same sound ten times louder has the same features."""
    assert np.allclose(log_mel(noise(), FINE), log_mel(10 * noise(), FINE), atol=1e-3)


def test_silence_has_features_too() -> None:
    """Digital silence gives zeros, not infinities."""
    assert np.abs(log_mel(np.zeros(16000, np.float32), FINE)).max() < 1e-4


def test_the_quietest_is_never_further_than_the_range_below_the_loudest() -> None:
    """A window that ends in silence keeps its features within ``range_db``."""
    samples = noise()
    samples[8000:] = 0
    features = log_mel(samples, FINE)
    assert np.ptp(features) == pytest.approx(FINE.range_db / 10 * np.log(10), abs=1e-4)


def test_the_stage_hands_on_span_and_harmonics() -> None:
    """What came with the window goes with its features."""
    harmonics, span = Harmonics(180.0, 5, 12.0), Span(3.0, 4.0, 1e9)
    (made,) = ComputeLogMel(FINE)(HarmonicWindow(Window(noise(), span), harmonics))
    assert made.span is span
    assert made.harmonics is harmonics
    assert np.array_equal(made.features, log_mel(noise(), FINE))
