"""What augmentation does to a sound, by its physics."""

import numpy as np
import pytest

from edged.training import augment

RATE_HZ = 16000
LENGTH = 16000


def random() -> np.random.Generator:
    return np.random.default_rng(3)


def tone(hz: float, seconds: float = 2.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def peak_hz(sound: np.ndarray) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(sound.size)))) * RATE_HZ / sound.size)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 20.0])
def test_a_mixture_has_the_snr_that_was_asked_for(snr_db: float) -> None:
    """What is left of a mixture without the signal is weaker than it by that many decibels."""
    signal, noise = tone(300.0, 1.0), augment.coloured_noise(LENGTH, 1.0, random())
    rest = augment.mix_at_snr(signal, noise, snr_db) - signal
    assert 20 * np.log10(augment.rms(signal) / augment.rms(rest)) == pytest.approx(snr_db, abs=0.05)


def test_silence_can_be_mixed() -> None:
    """Neither a silent signal nor a silent noise gives infinities."""
    silence, noise = np.zeros(LENGTH, np.float32), tone(200.0, 1.0)
    assert np.isfinite(augment.mix_at_snr(silence, noise, 0.0)).all()
    assert np.isfinite(augment.mix_at_snr(noise, silence, 0.0)).all()


def test_speed_raises_every_frequency() -> None:
    """A tone of 400 Hz played 1.25 times as fast is one of 500 Hz."""
    assert peak_hz(augment.change_speed(tone(400.0), 1.25, LENGTH)) == pytest.approx(500.0, abs=1.5)


def test_a_fly_by_is_loudest_and_unshifted_where_it_is_nearest() -> None:
    """Before that the tone is higher, after it lower (Doppler), and the level falls as 1/r."""
    sound = augment.fly_by(tone(1000.0, 6.0), 20.0, 10.0, 2.0, 4 * RATE_HZ)
    before, at, after = (sound[int(t * RATE_HZ) : int(t * RATE_HZ) + 4000] for t in (0.0, 1.875, 3.75))
    assert peak_hz(before) > 1040
    assert peak_hz(after) < 960
    assert augment.rms(at) / augment.rms(before) == pytest.approx(np.hypot(10, 20 * 1.875) / 10, rel=0.1)


def test_presence_is_one_inside_and_nothing_outside() -> None:
    """The envelope's ramps lie outside the time that it stands for at its beginning, inside at its end."""
    envelope = augment.presence(1000, 400, 800, 100)
    assert (envelope[400:700] == 1).all()
    assert not envelope[:300].any()
    assert not envelope[800:].any()
    assert (np.diff(envelope[:400]) >= 0).all()


@pytest.mark.parametrize("size", [1, 700, LENGTH, 50000])
def test_a_cut_has_its_length_whatever_the_source_has(size: int) -> None:
    """What is too short is repeated."""
    assert augment.cut(np.ones(size, np.float32), LENGTH, random()).tolist() == [1.0] * LENGTH


def test_a_flat_response_changes_nothing() -> None:
    """Equalising with gain 1 is the identity."""
    sound = augment.coloured_noise(LENGTH, 0.0, random())
    assert np.allclose(augment.equalise(sound, np.ones(LENGTH // 2 + 1, np.float32)), sound, atol=1e-6)


def test_noise_falls_with_its_exponent() -> None:
    """Brown noise loses 6 dB an octave, white noise none."""
    for exponent in (0.0, 2.0):
        power = np.abs(np.fft.rfft(augment.coloured_noise(10 * LENGTH, exponent, random()))) ** 2
        low, high = power[1000:2000].mean(), power[8000:16000].mean()
        assert 10 * np.log10(low / high) == pytest.approx(3 * exponent * 3.01, abs=1.0)


def test_echo_comes_after_the_sound_and_never_before() -> None:
    """A click is silent before it and has a tail after it."""
    click = np.zeros(LENGTH, np.float32)
    click[4000] = 1
    heard = augment.reverberate(click, 0.3, 0.5, random())
    assert np.abs(heard[:3999]).max() < 1e-5
    assert np.abs(heard[4001:8000]).max() > 1e-3


def test_padding_leaves_silence_and_the_original_alone() -> None:
    """Padding works on a copy."""
    sound = tone(100.0, 1.0)
    before = sound.copy()
    assert not augment.pad_tail(sound, 5000)[5000:].any()
    assert np.array_equal(sound, before)


def test_the_same_seed_gives_the_same_sound() -> None:
    """All that is random comes from the generator that is passed in."""
    assert np.array_equal(augment.wind(LENGTH, random()), augment.wind(LENGTH, random()))
    assert np.array_equal(augment.random_response(65, random()), augment.random_response(65, random()))
