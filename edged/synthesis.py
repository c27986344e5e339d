"""Our own rotor model: the sound of a multirotor that flies past, made of physics and no recordings.

For the demo and for tests. Each rotor is a harmonic series of its blade-pass frequency (Gutin 1936: thickness and loading
noise come at its multiples) with a wandering speed, tones of its motor, and broadband noise of its blades that swells with
every blade (Brooks, Pope and Marcolini 1989). The way through the air adds Doppler shift, spreading with 1/r and
absorption with the square of the frequency (ISO 9613-1).
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.messages.sound import Samples

Array = NDArray[np.float64]


class FlyOver(Section):
    """A straight pass of one drone over a quiet place."""

    duration_s: float = Field(20.0, gt=0)
    """Length of the sound; the drone is closest in the middle."""
    quiet_s: float = Field(5.0, ge=0)
    """At the start and at the end the drone is hidden, and only the wind is heard."""
    fade_s: float = Field(1.0, gt=0)
    """Time that the drone takes to come out of hiding."""
    rate_hz: int = Field(16000, gt=0)
    """Sample rate."""
    snr_db: float = Field(20.0)
    """Power of the drone over that of the wind in the loudest second, over all frequencies."""
    wind_dbfs: float = Field(-45.0, le=0)
    """Root mean square of the wind, relative to full scale."""
    speed_m_s: float = Field(15.0, ge=0, lt=300)
    """Speed over ground."""
    closest_m: float = Field(10.0, gt=0)
    """Distance at the closest point."""
    sound_m_s: float = Field(343.0, gt=0)
    """Speed of sound, at 20 °C."""
    absorption_db_m: float = Field(0.029, ge=0)
    """Absorption at 4 kHz in decibels a metre (20 °C, 50 % humidity); it grows with the square of the frequency."""
    rotors: int = Field(4, gt=0)
    """Rotors."""
    blades: int = Field(2, gt=0)
    """Blades of each rotor."""
    blade_pass_hz: float = Field(200.0, gt=0)
    """Blades that pass a point in a second, mean over rotors and time."""
    trim: float = Field(0.02, ge=0)
    """Standard deviation of the rotors' mean speeds, as a fraction: a multirotor holds its attitude with them."""
    wander: float = Field(0.008, ge=0)
    """Standard deviation of a rotor's speed over time, as a fraction."""
    wander_s: float = Field(0.3, gt=0)
    """Time over which the speed wanders."""
    harmonics: int = Field(30, gt=0)
    """Harmonics of each rotor."""
    roll_off: float = Field(1.0, ge=0)
    """Amplitude of harmonic h is h to the power of minus this."""
    scatter_db: float = Field(4.0, ge=0)
    """Standard deviation of a harmonic's level from that law."""
    pole_pairs: int = Field(7, gt=0)
    """Of a motor: its tones are at the multiples of 6 times these a turn."""
    motor_db: float = Field(-15.0)
    """Motor tones relative to the first harmonic."""
    noise_db: float = Field(-8.0)
    """Broadband noise relative to the harmonic series."""
    noise_hz: float = Field(2500.0, gt=0)
    """Where the broadband noise has its peak."""
    modulation: float = Field(0.5, ge=0, le=1)
    """How far the broadband noise swells with every blade."""
    seed: int = Field(0, ge=0)
    """The same seed gives the same sound."""


def shaped_noise(gain: Array, count: int, rng: np.random.Generator) -> Array:
    """Gaussian noise of unit power, shape (count,), with a gain for each of the count // 2 + 1 frequencies."""
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) * gain, count)
    return np.asarray(noise / noise.std())


def pink(count: int, config: FlyOver, rng: np.random.Generator) -> Array:
    """Wind and far-off traffic: power falls with the frequency, from 20 Hz upwards."""
    hz = np.fft.rfftfreq(count, 1.0 / config.rate_hz)
    return shaped_noise(np.where(hz < 20.0, 0.0, 1.0 / np.sqrt(np.maximum(hz, 20.0))), count, rng)


def emission(config: FlyOver) -> tuple[Array, Array]:
    """When the sound that arrives at each sample was made, in seconds, and how far away, in metres: the Doppler shift.

    Time of arrival is t = e + r(e) / c with r(e)^2 = d^2 + (v e)^2, a quadratic equation in e; 0 is the closest point.
    """
    t = np.arange(round(config.duration_s * config.rate_hz)) / config.rate_hz - config.duration_s / 2.0
    v, c, d = config.speed_m_s, config.sound_m_s, config.closest_m
    root = np.sqrt(c**2 * t**2 - (c**2 - v**2) * (t**2 - (d / c) ** 2))
    e = (c**2 * t - c * root / c * c) / (c**2 - v**2) if v == 0 else solve_emission(t, v, c, d)
    return e, np.hypot(d, v * e)


def solve_emission(t: Array, v: float, c: float, d: float) -> Array:
    """The earlier root of (c^2 - v^2) e^2 - 2 c^2 t e + c^2 t^2 - d^2 = 0."""
    square = c**2 - v**2
    return (c**2 * t - np.sqrt(c**4 * t**2 - square * (c**2 * t**2 - d**2))) / square
