"""What may happen to a sound between its source and the microphone: pure functions on 16 kHz mono samples.

All take and give float32 of shape (n,); what is random comes from the generator that is passed in.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Sound = NDArray[np.float32]

RATE_HZ = 16000
SOUND_M_PER_S = 343.0
_TINY = 1e-9


def rms(sound: NDArray[np.floating]) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)) + _TINY**2))


def cut(sound: Sound, length: int, random: Generator) -> Sound:
    """A random stretch of ``length`` samples; a sound too short for that is repeated."""
    if sound.size < length:
        sound = np.tile(sound, -(-length // sound.size) + 1)
    start = int(random.integers(sound.size - length + 1))
    return sound[start : start + length].copy()


def change_speed(sound: Sound, factor: float, length: int) -> Sound:
    """Play ``factor`` times as fast, which raises every frequency by it; gives ``length`` samples.

    Needs ``length * factor`` samples; beyond the end the last one is held.
    """
    return np.asarray(np.interp(np.arange(length) * factor, np.arange(sound.size), sound), np.float32)


def fly_by(sound: Sound, speed_m_per_s: float, nearest_m: float, nearest_s: float, length: int) -> Sound:
    """A source that passes in a straight line: gain 1/r (1 at the nearest point) and Doppler's shift.

    ``nearest_s`` is when it is nearest, ``nearest_m`` how near; ``sound`` should be a little longer than ``length``.
    """
    time_s = np.arange(length) / RATE_HZ
    distance_m = np.hypot(nearest_m, speed_m_per_s * (time_s - nearest_s))
    emitted_s = time_s - (distance_m - distance_m[0]) / SOUND_M_PER_S
    place = (emitted_s - emitted_s.min()) * RATE_HZ
    heard = np.interp(place, np.arange(sound.size), sound)
    return np.asarray(heard * nearest_m / distance_m, np.float32)


def mix_at_snr(signal: Sound, noise: Sound, snr_db: float) -> Sound:
    """``signal`` plus ``noise`` scaled so that their mean powers differ by ``snr_db`` decibels."""
    gain = rms(signal) / rms(noise) * 10.0 ** (-snr_db / 20.0)
    return (signal + np.float32(min(gain, 1e4)) * noise).astype(np.float32)


def presence(length: int, start: int, end: int, ramp: int) -> Sound:
    """An envelope that is 1 from sample ``start`` to ``end`` and 0 outside, with ramps of ``ramp`` samples."""
    place = np.arange(length)
    rising, falling = (place - start) / max(ramp, 1) + 1.0, (end - place) / max(ramp, 1)
    return np.clip(np.minimum(rising, falling), 0.0, 1.0).astype(np.float32)


def random_response(bins: int, random: Generator) -> NDArray[np.float32]:
    """Gain of a microphone and its place over ``bins`` frequencies from 0 to 8 kHz: smooth, within about 12 dB."""
    frequency = np.linspace(0.0, RATE_HZ / 2, bins)
    knots_hz = np.geomspace(60.0, 8000.0, 9)
    tilt_db = random.normal(0.0, 3.0) * np.log2(knots_hz / 700.0) / 2
    gain_db = np.interp(np.log(frequency + 1), np.log(knots_hz + 1), random.normal(0.0, 3.5, 9) + tilt_db)
    response = 10.0 ** (gain_db / 20.0)
    if random.random() < 0.4:
        response /= np.sqrt(1.0 + (random.uniform(30, 250) / (frequency + 1)) ** 4)
    if random.random() < 0.25:
        response /= np.sqrt(1.0 + (frequency / random.uniform(2500, 8000)) ** 6)
    return response.astype(np.float32)


def equalise(sound: Sound, response: NDArray[np.float32]) -> Sound:
    """Filter with a gain over frequency of shape (n // 2 + 1,)."""
    return np.fft.irfft(np.fft.rfft(sound) * response, sound.size).astype(np.float32, copy=False)


def reverberate(sound: Sound, decay_s: float, wet: float, random: Generator) -> Sound:
    """Add the echo of a place: noise that falls by 60 dB in ``decay_s`` (Moorer 1979), ``wet`` times as loud."""
    n = min(int(decay_s * RATE_HZ), sound.size)
    tail = random.standard_normal(n, np.float32) * np.exp(-6.9 * np.arange(n) / n).astype(np.float32)
    size = 1 << (sound.size + n - 1).bit_length()
    echo = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: sound.size]
    return (sound + wet * rms(sound) / rms(echo) * echo).astype(np.float32)


def coloured_noise(length: int, exponent: float, random: Generator) -> Sound:
    """Noise whose power falls with frequency as ``f ** -exponent`` (0 white, 1 pink, 2 brown); RMS 0.1."""
    spectrum = np.fft.rfft(random.standard_normal(length, np.float32))
    place = np.arange(spectrum.size)
    spectrum *= np.maximum(place, 10.0 * length / RATE_HZ) ** (-exponent / 2)  # level below 10 Hz
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, length)
    return np.asarray(0.1 * noise / (noise.std() + _TINY), np.float32)


def wind(length: int, random: Generator) -> Sound:
    """Wind on a microphone: steep low noise that swells and falls in gusts; RMS about 0.1."""
    gusts = np.interp(np.arange(length), np.linspace(0, length, 6), random.uniform(0.2, 1.8, 6))
    return (coloured_noise(length, random.uniform(1.8, 3.2), random) * gusts).astype(np.float32)


def pad_tail(sound: Sound, valid: int) -> Sound:
    """Silence from sample ``valid`` on, as at the end of a recording."""
    padded = sound.copy()
    padded[valid:] = 0
    return padded
