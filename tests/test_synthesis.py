"""The rotor model: its levels, its physics, and that the gate takes it for a drone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edged.messages.sound import Span, Window
from edged.stages.filter_harmonics import FilterHarmonics, HarmonicsConfig
from edged.synthesis import FlyOver, emission, fly_over, loudest_power

TONE = FlyOver(
    duration_s=8.0, quiet_s=0.0, rotors=1, harmonics=1, scatter_db=0.0, wander=0.0, trim=0.0, blade_pass_hz=1000.0,
    motor_db=-90.0, noise_db=-90.0, snr_db=60.0, wind_dbfs=-80.0,
)  # fmt: skip
"""One steady tone flies past: what is left is Doppler, spreading and absorption."""


def seconds(config: FlyOver) -> NDArray[np.float32]:
    """The sound in whole seconds, shape (n, rate_hz)."""
    return fly_over(config).reshape(-1, config.rate_hz)


def peak_hz(sound: NDArray[np.float32], rate_hz: int) -> float:
    """Frequency of the highest peak of the spectrum, on a grid of a quarter of a hertz."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 4 * rate_hz))
    return float(np.argmax(spectrum)) / 4.0


@given(seed=st.integers(0, 10_000), snr_db=st.floats(-10.0, 30.0), duration_s=st.floats(1.0, 4.0))
@settings(max_examples=15, deadline=None)
def test_samples_are_sound(seed: int, snr_db: float, duration_s: float) -> None:
    """For any seed and level: float32, as long as asked for, finite, within full scale, and not silent."""
    sound = fly_over(FlyOver(duration_s=duration_s, quiet_s=0.0, seed=seed, snr_db=snr_db))
    assert sound.dtype == np.float32
    assert len(sound) == round(duration_s * 16000)
    assert np.abs(sound).max() <= 1.0
    assert sound.std() > 0.0


def test_seed_decides() -> None:
    """The same seed gives the same samples, another seed others."""
    config = FlyOver(duration_s=2.0, quiet_s=0.0)
    assert np.array_equal(fly_over(config), fly_over(config))
    assert not np.array_equal(fly_over(config), fly_over(config.model_copy(update={"seed": 1})))


def test_pitch_falls_as_doppler_has_it() -> None:
    """Far away the tone is higher by c / (c - v) on the way in, and lower by c / (c + v) on the way out (1 %)."""
    parts = seconds(TONE)
    assert peak_hz(parts[0], 16000) == pytest.approx(1000.0 * 343.0 / (343.0 - 15.0), rel=0.01)
    assert peak_hz(parts[-1], 16000) == pytest.approx(1000.0 * 343.0 / (343.0 + 15.0), rel=0.01)


def test_level_falls_with_distance() -> None:
    """Amplitude follows 1 / r: the level at two moments differs as their distances say (0.5 dB)."""
    parts, (_, distance_m) = seconds(TONE), emission(TONE)
    near, far = (20 * np.log10(parts[i].std()) for i in (4, 6))
    expected = 10 * np.log10(
        np.mean(distance_m.reshape(8, -1)[4] ** -2.0) / np.mean(distance_m.reshape(8, -1)[6] ** -2.0)
    )
    assert near - far == pytest.approx(expected, abs=0.5)


def test_distant_sound_is_dull() -> None:
    """Air takes more of the high than of the low: far off, the share over 4 kHz is less than close by."""
    config = FlyOver(duration_s=20.0, quiet_s=0.0, snr_db=60.0, wind_dbfs=-80.0)
    powers = np.abs(np.fft.rfft(seconds(config))) ** 2
    share = powers[:, 4000:].sum(axis=1) / powers.sum(axis=1)
    assert share[1] < 0.5 * share[10]


def test_sound_was_made_before_it_arrives() -> None:
    """Time of emission rises, and is the time of arrival less the way through the air."""
    config = FlyOver(duration_s=6.0)
    made_s, distance_m = emission(config)
    arrived_s = made_s + distance_m / config.sound_m_s
    assert np.all(np.diff(made_s) > 0.0)
    assert arrived_s == pytest.approx(np.arange(96000) / 16000 - 3.0, abs=1e-9)


def test_drone_hides_at_both_ends() -> None:
    """Before and after the pass only the wind is heard, at its level (1 dB)."""
    parts = seconds(FlyOver(duration_s=12.0, quiet_s=3.0, wind_dbfs=-45.0))
    for i in (0, 1, 2, 9, 10, 11):
        assert 20 * np.log10(parts[i].std()) == pytest.approx(-45.0, abs=1.0)
    assert parts[6].std() > 3 * parts[1].std()


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0])
def test_level_is_that_asked_for(snr_db: float) -> None:
    """The loudest second of the drone has the power over the wind that was asked for (1 dB)."""
    loud = fly_over(FlyOver(duration_s=6.0, quiet_s=0.0, snr_db=snr_db)).astype(float)
    expected_db = -45.0 + 10 * np.log10(1 + 10 ** (snr_db / 10))
    assert 10 * np.log10(loudest_power(loud, 16000)) == pytest.approx(expected_db, abs=1.0)


@pytest.mark.parametrize("seed", range(3))
def test_gate_passes_the_drone_and_spares_the_wind(seed: int) -> None:
    """Every second in which the drone is out passes the gate; of the wind's at most one in five does."""
    gate = FilterHarmonics(HarmonicsConfig())
    passed = [bool(list(gate(Window(part, Span(0.0, 1.0))))) for part in seconds(FlyOver(seed=seed))]
    assert all(passed[6:14])
    assert sum(passed[:5] + passed[15:]) <= 2
