"""Our own rotor model: the sound of a multirotor that flies past, made of physics and no recordings.

For the demo and for tests. Each rotor is a harmonic series of its blade-pass frequency (Gutin 1936: the noise of its
thrust and drag comes at the multiples) with a wandering speed, tones of its motor, and broadband noise of its blades
(Brooks, Pope and Marcolini 1989) that swells with every blade. The way through the air adds Doppler shift, spreading
with 1/r and absorption with the square of the frequency (ISO 9613-1).
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
    roll_off: float = Field(0.7, ge=0)
    """Amplitude of harmonic h is h to the power of minus this."""
    scatter_db: float = Field(4.0, ge=0)
    """Standard deviation of a harmonic's level from that law."""
    pole_pairs: int = Field(7, gt=0)
    """Of a motor: its tones are at the multiples of 6 times these a turn."""
    motor_db: float = Field(-15.0)
    """Motor tones relative to the first harmonic."""
    noise_db: float = Field(-10.0)
    """Broadband noise relative to the harmonic series."""
    noise_hz: float = Field(2500.0, gt=0)
    """Where the broadband noise has its peak."""
    modulation: float = Field(0.5, ge=0, le=1)
    """How far the broadband noise swells with every blade."""
    seed: int = Field(0, ge=0)
    """The same seed gives the same sound."""


def filtered(sound: Array, gain: Array) -> Array:
    """The sound, shape (n,), with a gain for each of its n // 2 + 1 frequencies."""
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * gain, len(sound)))


def pink(count: int, config: FlyOver, rng: np.random.Generator) -> Array:
    """Wind and far-off traffic: power falls with the frequency, from 20 Hz upwards."""
    hz = np.fft.rfftfreq(count, 1.0 / config.rate_hz)
    noise = filtered(rng.standard_normal(count), np.where(hz < 20.0, 0.0, 1.0 / np.sqrt(np.maximum(hz, 20.0))))
    return np.asarray(noise / noise.std())


def emission(config: FlyOver) -> tuple[Array, Array]:
    """When the sound that arrives at each sample was made, in seconds, and how far away, in metres: the Doppler shift.

    Sound made at e arrives at t = e + r / c, where r^2 = d^2 + (v e)^2: a quadratic equation in e, of which the earlier
    root is meant. At 0 s the drone is closest.
    """
    v, c, d = config.speed_m_s, config.sound_m_s, config.closest_m
    t = np.arange(round(config.duration_s * config.rate_hz)) / config.rate_hz - config.duration_s / 2.0
    made_s = (c**2 * t - np.sqrt(c**4 * t**2 - (c**2 - v**2) * (c**2 * t**2 - d**2))) / (c**2 - v**2)
    return made_s, np.hypot(d, v * made_s)


def absorption(hz: Array | float, distance_m: Array | float, config: FlyOver) -> Array:
    """Amplitude that the air leaves of a tone: absorption grows with the square of the frequency."""
    nepers_m = config.absorption_db_m / 20.0 * np.log(10.0) * (np.asarray(hz, np.float64) / 4000.0) ** 2
    return np.asarray(np.exp(-nepers_m * distance_m), np.float64)


def blade_phase(made_s: Array, config: FlyOver, rng: np.random.Generator) -> Array:
    """Blade-pass phase of one rotor in radians at the given times: its speed has an offset of its own, and wanders."""
    step = config.wander_s / 2.0
    grid = np.arange(made_s[0] - step, made_s[-1] + 2.0 * step, step)
    kept = np.exp(-step / config.wander_s)
    wander = np.zeros(len(grid))
    for i, kick in enumerate(rng.standard_normal(len(grid) - 1) * np.sqrt(1.0 - kept**2)):
        wander[i + 1] = kept * wander[i] + kick
    speed = 1.0 + config.trim * rng.standard_normal() + config.wander * np.interp(made_s, grid, wander)
    turns = np.cumsum(speed * np.gradient(made_s)) * config.blade_pass_hz
    return np.asarray(2.0 * np.pi * (turns + rng.random()))


def harmonics(phase: Array, distance_m: Array, config: FlyOver, rng: np.random.Generator) -> Array:
    """Blade-pass harmonics of one rotor, those below the Nyquist frequency, as they arrive."""
    sound, turn, tone = np.zeros(len(phase)), np.exp(1j * phase), np.ones(len(phase), np.complex128)
    for order in range(1, min(config.harmonics, int(0.45 * config.rate_hz / config.blade_pass_hz)) + 1):
        tone *= turn
        level = order**-config.roll_off * 10.0 ** (config.scatter_db * rng.standard_normal() / 20.0)
        shifted = tone * (level * np.exp(2j * np.pi * rng.random()))
        sound += shifted.imag * absorption(order * config.blade_pass_hz, distance_m, config)
    return sound


def motor(phase: Array, distance_m: Array, config: FlyOver) -> Array:
    """Two tones of a brushless motor: its commutation, six times in each electrical turn, and the first below it."""
    sound = np.zeros(len(phase))
    for order in (3 * config.pole_pairs / config.blades, 6 * config.pole_pairs / config.blades):
        hz = order * config.blade_pass_hz
        if hz < 0.45 * config.rate_hz:
            sound += np.sin(order * phase) * absorption(hz, distance_m, config)
    return np.asarray(sound * 10.0 ** (config.motor_db / 20.0))


def blade_noise(phase: Array, distance_m: Array, config: FlyOver, rng: np.random.Generator) -> Array:
    """Broadband noise of one rotor, swelling with every blade; between near and far the air's absorption is mixed."""
    hz = np.fft.rfftfreq(len(phase), 1.0 / config.rate_hz).astype(np.float64)
    ratio = hz / config.noise_hz
    source = filtered(rng.standard_normal(len(phase)), ratio / (1.0 + ratio**2))
    near, far = (
        filtered(source, absorption(hz, r, config)) for r in (float(distance_m.min()), float(distance_m.max()))
    )
    share = (distance_m - distance_m.min()) / max(float(np.ptp(distance_m)), 1e-9)
    return np.asarray((near + share * (far - near)) / source.std() * (1.0 + config.modulation * np.cos(phase)))


def hiding(config: FlyOver) -> Array:
    """Gain of the drone over time: hidden, coming out, seen, and hidden again."""
    t = np.arange(round(config.duration_s * config.rate_hz)) / config.rate_hz
    inside = np.minimum(t, config.duration_s - t) - config.quiet_s
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(inside / config.fade_s, 0.0, 1.0)))


def drone(config: FlyOver, rng: np.random.Generator) -> Array:
    """All rotors as they arrive, at no particular level: spreading, Doppler shift and absorption included."""
    made_s, distance_m = emission(config)
    sound = np.zeros(len(made_s))
    for _ in range(config.rotors):
        phase = blade_phase(made_s, config, rng)
        series = harmonics(phase, distance_m, config, rng)
        noise = blade_noise(phase, distance_m, config, rng) * series.std() * 10.0 ** (config.noise_db / 20.0)
        sound += series + motor(phase, distance_m, config) + noise
    return np.asarray(sound / distance_m * hiding(config))


def loudest_power(sound: Array, rate_hz: int) -> float:
    """Mean square of the loudest of the seconds from the start on."""
    seconds = max(1, len(sound) // rate_hz)
    return max(float(np.mean(part**2)) for part in np.array_split(sound, seconds))


def fly_over(config: FlyOver) -> Samples:
    """The whole pass: float32 of shape (duration_s · rate_hz,), within [-1, 1]."""
    rng = np.random.default_rng(config.seed)
    passing = drone(config, rng)
    wind = pink(len(passing), config, rng) * 10.0 ** (config.wind_dbfs / 20.0)
    power = loudest_power(passing, config.rate_hz)
    gain = 10.0 ** ((config.wind_dbfs + config.snr_db) / 20.0) / np.sqrt(power) if power > 0.0 else 0.0
    return np.asarray(np.clip(wind + passing * gain, -1.0, 1.0), np.float32)
