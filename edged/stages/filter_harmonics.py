"""FilterHarmonics: the cheap gate. Spares the model every window in which no rotor can be.

A rotor is heard as a series of harmonics of its blade-pass frequency, and it does not pause. One cheap spectrum is
asked: is the sound there all the time, does it stand out from a smooth noise floor, and does a series of harmonics in
the rotors' range stand out. Every figure is a ratio in decibels, so that gain does not matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.dsp import hann
from edged.messages.sound import Harmonics, HarmonicWindow, Samples, Window

Floats = NDArray[np.float32]


class HarmonicsConfig(Section):
    """Which windows the gate passes. The limits are tuned to pass at least 99 % of the windows with a drone."""

    enabled: bool = True
    """When off, every window passes, with its evidence."""
    rate_hz: int = Field(16000, gt=0)
    """Sample rate of the windows."""
    frame_s: float = Field(0.064, gt=0)
    """Length of a frame of the averaged spectrum: its reciprocal is the resolution in hertz."""
    low_hz: float = Field(300.0, gt=0)
    """Lower edge of what is looked at for pauses and spread: below it wind and rumble rule."""
    high_hz: float = Field(6000.0, gt=0)
    """Upper edge of what is looked at."""
    floor_hz: float = Field(800.0, gt=0)
    """Width of the blocks whose median is the noise floor: wider than the spacing of the harmonics."""
    band_hz: float = Field(600.0, gt=0)
    """Width of the bands that are looked at for pauses."""
    range_db: float = Field(65.0, gt=0)
    """What lies this far below the window's power is taken as empty: it may be the skirt of a tone (Hann's leakage)."""
    clip_db: float = Field(15.0, gt=0)
    """A harmonic counts as no higher than this, so that one tone does not make a series."""
    f0_min_hz: float = Field(150.0, gt=0)
    """Lowest blade-pass frequency of a rotor."""
    f0_max_hz: float = Field(700.0, gt=0)
    """Highest blade-pass frequency of a rotor."""
    f0_steps: int = Field(64, gt=0)
    """Fundamentals tried in each octave."""
    harmonics: int = Field(12, gt=1)
    """Harmonics looked at, as far as ``high_hz`` goes."""
    harmonic_db: float = Field(1.0, ge=0)
    """A harmonic stands out when it is this far over the noise floor."""
    min_count: int = Field(2, ge=0)
    """Least number of harmonics that stand out."""
    min_snr_db: float = Field(0.1)
    """Least mean height of the harmonics over the noise floor."""
    min_spread_db: float = Field(4.15, ge=0)
    """Least distance between the 5 % and the 95 % points of the levels over the floor; mere noise has 3.8 dB."""
    max_pause_db: float = Field(15.0, gt=0)
    """Most that the quietest quarter of the frames lies below the mean: what pauses longer is no rotor."""


NO_SERIES = Harmonics(0.0, 0, 0.0)
"""Where none was looked for: something cheaper has told already that there is no rotor."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the gate found."""

    pause_db: float
    """How far the quietest quarter of the frames lies below the mean, averaged over the bands."""
    spread_db: float
    """Distance between the 5 % and the 95 % points of the levels over the noise floor."""
    harmonics: Harmonics
    """The strongest series."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from the config: sizes in samples and bins, and tables."""

    hann: Floats
    """Shape (size,)."""
    band_bins: int
    """Bins of each of the bands into which the bins seen are cut."""
    floor: Floats
    """Leads from the blocks' medians to a floor for all bins of the blocks: shape (blocks, blocks · width)."""
    seen: slice
    """The bins from ``low_hz`` to ``high_hz``."""
    f0_hz: NDArray[np.float64]
    """The fundamentals tried, shape (c,)."""
    teeth: NDArray[np.intp]
    """Bins of their harmonics, shape (harmonics, c); 0 for those over ``high_hz``."""
    gaps: NDArray[np.intp]
    """Bins in the middles of the gaps below the harmonics."""


def interpolation(blocks: int, width: int) -> Floats:
    """Matrix (blocks, blocks · width) from values at the middles of blocks to all bins: linear, level at the ends."""
    middles = (np.arange(blocks) + 0.5) * width - 0.5
    return np.stack([np.interp(np.arange(blocks * width), middles, row) for row in np.eye(blocks)]).astype(np.float32)


@lru_cache(maxsize=8)
def plan_for(config: HarmonicsConfig) -> Plan:
    """Derives the tables once."""
    size, width = round(config.frame_s * config.rate_hz), round(config.floor_hz * config.frame_s)
    steps = int(np.log2(config.f0_max_hz / config.f0_min_hz) * config.f0_steps)
    f0_hz = config.f0_min_hz * 2.0 ** (np.arange(steps + 1) / config.f0_steps)
    orders = np.arange(1, config.harmonics + 1)[:, None]
    inside = f0_hz * orders <= config.high_hz
    teeth, gaps = (np.where(inside, np.rint(f0_hz * (orders - x) * config.frame_s), 0) for x in (0.0, 0.5))
    seen = slice(round(config.low_hz * config.frame_s), round(config.high_hz * config.frame_s))
    floor = interpolation((size // 2 + 1) // width, width)
    band_bins = round(config.band_hz * config.frame_s)
    return Plan(hann(size), band_bins, floor, seen, f0_hz, teeth.astype(np.intp), gaps.astype(np.intp))


def frame_squares(samples: Samples, plan: Plan) -> Floats:
    """Squares of real and imaginary parts, interleaved, of Hann frames end to end: (n,) to (frames, 2 · bins)."""
    size = len(plan.hann)
    frames = samples[: len(samples) // size * size].reshape(-1, size) * plan.hann
    parts = np.fft.rfft(frames).astype(np.complex64, copy=False).view(np.float32)
    return np.square(parts, out=parts)


def over_floor(power: Floats, plan: Plan) -> Floats:
    """Level in decibels over a floor that follows the spectrum: medians of blocks, joined by lines."""
    blocks, bins = plan.floor.shape
    level_db = np.log10(power[:bins]) * np.float32(10.0)
    middle = bins // blocks // 2
    medians = np.partition(level_db.reshape(blocks, -1), middle, axis=1)[:, middle]
    return level_db - medians @ plan.floor


def pause(squares: Floats, least: np.float32, plan: Plan) -> float:
    """How far, in decibels, the quietest quarter of the frames is below the mean, averaged over the bands."""
    frames, width = len(squares), 2 * plan.band_bins
    bands = 2 * (plan.seen.stop - plan.seen.start) // width
    seen = squares[:, 2 * plan.seen.start :][:, : bands * width].reshape(frames, bands, width)
    powers = np.sort(seen @ np.ones(width, np.float32), axis=0) + least
    return float(10.0 * np.log10(powers.sum(axis=0) / (frames * powers[frames // 4])).sum() / bands)


def spread(over_db: Floats) -> float:
    """Distance between the 5 % and the 95 % points. A lone tone does not move it, a series of them does."""
    low, high = len(over_db) // 20, len(over_db) * 19 // 20
    ordered = np.partition(over_db, (low, high))
    return float(ordered[high] - ordered[low])


def strongest_series(over_db: Floats, plan: Plan, config: HarmonicsConfig) -> Harmonics:
    """The series whose harmonics stand out most from the gaps between them, which settles the octave as well."""
    clipped = np.maximum(np.minimum(over_db, np.float32(config.clip_db)), np.float32(-config.clip_db))
    clipped[0] = 0.0
    best = int(np.argmax((clipped.take(plan.teeth) - clipped.take(plan.gaps)).sum(axis=0)))
    bins = plan.teeth[:, best]
    heights = clipped[bins[bins > 0]]
    return Harmonics(
        float(plan.f0_hz[best]), int((heights >= config.harmonic_db).sum()), float(heights.sum() / len(heights))
    )


def assess(samples: Samples, config: HarmonicsConfig) -> Assessment:
    """The figures of a window, float32 (n,) of at least 4 frames, else ValueError; silence and pauses end it early."""
    plan = plan_for(config)
    if samples.ndim != 1 or len(samples) < 4 * len(plan.hann):
        raise ValueError(f"window of shape {samples.shape}, must be mono and at least {4 * config.frame_s} s long")
    squares = frame_squares(samples, plan)
    total = np.add.reduce(squares)
    power = (total[::2] + total[1::2]) / np.float32(len(squares))
    least = power.sum() * np.float32(10.0 ** (-config.range_db / 10.0))
    if least <= 0.0:
        return Assessment(0.0, 0.0, NO_SERIES)
    over_db = over_floor(power + least, plan)
    spread_db = spread(over_db[plan.seen])
    if config.enabled and spread_db < config.min_spread_db:
        return Assessment(0.0, spread_db, NO_SERIES)
    pause_db = pause(squares, least, plan)
    if config.enabled and pause_db > config.max_pause_db:
        return Assessment(pause_db, spread_db, NO_SERIES)
    return Assessment(pause_db, spread_db, strongest_series(over_db, plan, config))


def may_be_rotor(found: Assessment, config: HarmonicsConfig) -> bool:
    """Whether a rotor could have made this."""
    return (
        found.pause_db <= config.max_pause_db
        and found.spread_db >= config.min_spread_db
        and found.harmonics.count >= config.min_count
        and found.harmonics.snr_db >= config.min_snr_db
    )


class FilterHarmonics:
    """Passes the windows that may hold a rotor, with the evidence."""

    def __init__(self, config: HarmonicsConfig) -> None:
        self._config = config

    def __call__(self, item: Window) -> Iterable[HarmonicWindow]:
        found = assess(item.samples, self._config)
        if self._config.enabled and not may_be_rotor(found, self._config):
            return ()
        return (HarmonicWindow(item, found.harmonics),)
