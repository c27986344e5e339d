"""MeasureLevel: how loud it is, over all, as people hear it, and by third octaves.

Levels are of power averaged over the interval (Leq). 0 dBFS is the RMS of a sine that just fills the range (AES17-2020,
IEC 61606-3), which is also what the sensitivities in data sheets of digital microphones refer to.
"""

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.dsp import hann
from edged.messages.level import LevelMessage
from edged.messages.sound import Chunk, Samples
from edged.messages.wire import rfc3339

Hertz = NDArray[np.floating]
Power = NDArray[np.floating]

BLOCK_S = 1.0
"""Length of one Fourier transform: bins of 1 Hz, narrow beside the lowest band (5.8 Hz). Blocks overlap by half."""
FLOOR_DBFS = -160.0
"""What is softer, silence too, is told as this: JSON has no infinity."""
SINE_DB = 10 * math.log10(2.0)
"""From the RMS of samples to AES17's dBFS."""
NOMINAL_HZ = (
    "25", "31.5", "40", "50", "63", "80", "100", "125", "160", "200", "250", "315", "400", "500", "630", "800", "1000",
    "1250", "1600", "2000", "2500", "3150", "4000", "5000", "6300",
)  # fmt: skip
"""IEC 61260-1:2014: band -16 to band 8, of which band 0 is at 1 kHz. The next one would need more than 8 kHz."""
FIRST_BAND = -16


class LevelConfig(Section):
    """How loud it is, told on the topic `level/<pipeline>`."""

    enabled: bool = False
    """Measure and publish it. Levels are of all sound, that with voices too: words cannot be had from them."""
    interval_s: float = Field(10.0, ge=1, le=3600)
    """How often; each tells of the sound since the last."""
    third_octaves: bool = True
    """Tell it of each third of an octave from 25 Hz to 6.3 kHz too."""


class Level(NamedTuple):
    """dBFS."""

    rms: float
    peak: float
    a_weighted: float
    third_octaves: tuple[float, ...]
    """Of the bands of ``NOMINAL_HZ``."""


def a_weighting_db(hz: Hertz) -> Hertz:
    """What A-weighting adds to a level at each frequency, dB, 0 at 1 kHz; IEC 61672-1:2013, annex E."""
    f1, f2, f3, f4 = 20.598997, 107.65265, 737.86223, 12194.217
    square = np.append(np.maximum(hz, 1e-3), 1000.0) ** 2
    poles = (square + f1**2) * np.sqrt((square + f2**2) * (square + f3**2)) * (square + f4**2)
    response_db = 20 * np.log10(square**2 / poles)
    return np.asarray(response_db[:-1] - response_db[-1])


def third_octave_edges(first: int = FIRST_BAND, count: int = len(NOMINAL_HZ)) -> Hertz:
    """Edges of adjoining bands in Hz, shape (count + 1,); IEC 61260-1:2014: an octave is the ratio 10^(3/10)."""
    return np.asarray(1000.0 * 10.0 ** ((2 * (np.arange(count + 1) + first) - 1) / 20))


@lru_cache(maxsize=4)
def band_weights(rate_hz: int, block: int) -> Power:
    """Which share of each bin's power is in each band, shape (bins, bands): a bin at an edge is divided."""
    centre, half = np.fft.rfftfreq(block, 1.0 / rate_hz)[:, None], rate_hz / block / 2
    edges = third_octave_edges()
    inside = np.minimum(centre + half, edges[1:]) - np.maximum(centre - half, edges[:-1])
    return np.asarray(np.clip(inside / (2 * half), 0.0, 1.0))


def power_spectrum(blocks: Samples) -> Power:
    """Mean power of blocks, shape (n, block) -> (block // 2 + 1,), that sums to their mean square (Welch 1967)."""
    window = hann(blocks.shape[-1]).astype(np.float64)
    spectrum = np.fft.rfft(blocks * window)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=0)
    power[1:-1] *= 2  # of negative frequencies
    return np.asarray(power / (blocks.shape[-1] * (window**2).sum()))


def dbfs(mean_square: float) -> float:
    """Mean square of samples in [-1, 1] -> dBFS, at least ``FLOOR_DBFS``."""
    return max(FLOOR_DBFS, 10 * math.log10(max(mean_square, 1e-20)) + SINE_DB)


def level(mean_square: float, peak: float, spectrum: Power, rate_hz: int) -> Level:
    """The levels of sound with that mean square, largest sample, and spectrum as :func:`power_spectrum` gives it."""
    block = 2 * (len(spectrum) - 1)
    weights = 10 ** (a_weighting_db(np.fft.rfftfreq(block, 1.0 / rate_hz)) / 10)
    bands = spectrum @ band_weights(rate_hz, block)
    return Level(
        rms=dbfs(mean_square),
        peak=max(FLOOR_DBFS, 20 * math.log10(max(peak, 1e-10))),
        a_weighted=dbfs(float(spectrum @ weights)),
        third_octaves=tuple(dbfs(power) for power in bands.tolist()),
    )


class MeasureLevel:
    """Listens to a source's chunks, which pass unchanged, and tells their level every ``interval_s``."""

    def __init__(
        self,
        config: LevelConfig,
        pipeline: str,
        source: str,
        say: Callable[[LevelMessage], object],
        calibration_db: float | None = None,
        rate_hz: int = 16000,
    ) -> None:
        """``calibration_db``: dB SPL of a sound that gives 0 dBFS; None: the microphone is not calibrated."""
        self._config, self._pipeline, self._source, self._say = config, pipeline, source, say
        self._calibration_db, self._rate_hz = calibration_db, rate_hz
        self._block = round(BLOCK_S * rate_hz)
        self._begin()

    def __call__(self, chunk: Chunk) -> Iterable[Chunk]:
        if self._config.enabled:
            self._hear(chunk)
        return (chunk,)

    def finish(self) -> tuple[()]:
        """The stream stops here: what comes next is measured on its own."""
        self._begin()
        return ()

    def _begin(self) -> None:
        self._tail: Samples = np.empty(0, np.float32)
        self._spectrum: Power = np.zeros(self._block // 2 + 1)
        self._blocks = self._count = 0
        self._squares = self._peak = 0.0

    def _hear(self, chunk: Chunk) -> None:
        samples = np.nan_to_num(chunk.samples, posinf=1.0, neginf=-1.0)
        if chunk.gap:
            self._tail = self._tail[:0]
        self._count += len(samples)
        self._squares += float(np.square(samples, dtype=np.float64).sum())
        self._peak = max(self._peak, float(np.abs(samples).max(initial=0.0)))
        self._add(np.concatenate((self._tail, samples)))
        if self._count >= self._config.interval_s * self._rate_hz and self._blocks:
            self._tell(chunk.span.epoch_s + chunk.span.end_s)

    def _add(self, sound: Samples) -> None:
        hop = self._block // 2
        begins = range(0, len(sound) - self._block + 1, hop)
        for begin in begins:
            self._spectrum += power_spectrum(sound[None, begin : begin + self._block])
        self._blocks += len(begins)
        self._tail = sound[len(begins) * hop :]

    def _tell(self, until_s: float) -> None:
        it = level(self._squares / self._count, self._peak, self._spectrum / self._blocks, self._rate_hz)
        calibration_db, bands = self._calibration_db, zip(NOMINAL_HZ, it.third_octaves, strict=True)
        self._say(
            LevelMessage(
                pipeline=self._pipeline,
                source=self._source,
                at=rfc3339(until_s),
                duration_s=round(self._count / self._rate_hz, 3),
                rms_dbfs=round(it.rms, 2),
                peak_dbfs=round(it.peak, 2),
                a_weighted_dbfs=round(it.a_weighted, 2),
                a_weighted_db_spl=None if calibration_db is None else round(it.a_weighted + calibration_db, 2),
                third_octaves_dbfs={hz: round(db, 2) for hz, db in bands} if self._config.third_octaves else {},
            )
        )
        tail = self._tail
        self._begin()
        self._tail = tail
