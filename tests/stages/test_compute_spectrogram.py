"""Spectrogram: the log-mel spectrogram that YAMNet was trained on."""

import numpy as np
import pytest

from edged.stages.compute_spectrogram import SpectrogramConfig, mel_weights, spectrogram
from tests.sound_events import DATA, NEED_DATA

CORAL = DATA / "google-coral__coralmicro"
CONFIG = SpectrogramConfig()


def test_a_window_becomes_96_frames_of_64_bands():
    """0.975 s at 16 kHz; what is silent has the value of the offset."""
    values = spectrogram(np.zeros(15600, np.float32), CONFIG)
    assert (values.shape, values.dtype) == ((96, 64), np.float32)
    np.testing.assert_allclose(values, np.log(1e-3), rtol=1e-6)


def test_twice_as_loud_is_more_by_the_logarithm_of_two():
    """Magnitudes, not power, and not relative to the window's own mean: how loud it is, is in it."""
    noise = np.random.default_rng(0).normal(0, 0.1, 15600).astype(np.float32)
    difference = spectrogram(2 * noise, CONFIG) - spectrogram(noise, CONFIG)
    np.testing.assert_allclose(difference, np.log(2), atol=0.01)


@pytest.mark.parametrize(("hz", "mel"), [(200.0, 283.2), (1000.0, 999.99), (4000.0, 2146.1)])
def test_a_tone_is_loudest_in_the_band_whose_mel_it_has(hz, mel):
    """Mel by its table: 1000 Hz is 1000 mel. Bands are evenly spaced in mel from 125 to 7500 Hz."""
    sine = np.sin(2 * np.pi * hz * np.arange(15600) / 16000).astype(np.float32)
    band = int(spectrogram(sine, CONFIG).mean(axis=0).argmax())
    low, high = 1127 * np.log1p(125 / 700), 1127 * np.log1p(7500 / 700)
    assert abs(low + (band + 1) * (high - low) / 65 - mel) <= (high - low) / 65


def test_triangles_are_straight_in_mel_and_next_ones_sum_to_one():
    """Between the centres of the first and the last band every frequency counts once."""
    weights = mel_weights(CONFIG)
    hz = np.fft.rfftfreq(512, 1 / 16000)
    np.testing.assert_allclose(weights[(hz > 160) & (hz < 7200)].sum(axis=1), 1.0, atol=1e-5)


def test_less_sound_than_a_frame_is_an_error():
    """There would be nothing to look at."""
    with pytest.raises(ValueError, match="window shape"):
        spectrogram(np.zeros(399, np.float32), CONFIG)


@NEED_DATA
def test_it_is_what_the_makers_of_the_model_compute_but_for_their_gain():
    """Their recording's spectrogram has one gain on it all; beside that it is ours within their fixed-point steps."""
    sound = np.fromfile(CORAL / "yamnet_test_audio.bin", "<i2").astype(np.float32) / 32768
    theirs = np.fromfile(CORAL / "yamnet_test_spectra.bin", "<f4").reshape(96, 64)
    gain = (theirs - spectrogram(sound, CONFIG)).mean()
    assert np.abs(theirs - spectrogram(sound, CONFIG) - gain).mean() < 0.02
