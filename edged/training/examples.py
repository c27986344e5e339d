"""Makes training examples out of recordings: one second of what a microphone could have heard, and its class."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edged.stages.compute_log_mel import LogMelConfig, log_mel
from edged.training import augment
from edged.training.augment import Sound
from edged.training.corpus import KINDS, Recording

LENGTH = 16000
SHARES = {"background": 0.50, "drone": 0.40, "helicopter": 0.10}
"""How often each kind is drawn."""
SOURCE_WEIGHTS = {"outdoor": 0.45, "indoor": 0.50, "esc10": 0.05}
"""Among recordings of one kind: what share of draws goes to each source (the outdoor set is small but matters)."""
HARD_LABELS = {f"esc_{n}" for n in (7, 13, 35, 36, 41, 42, 43, 44, 45, 47, 49)} | {"chainsaw"}
"""Insects, crickets, washing machine, vacuum cleaner, chain saw, siren, horn, engine, train, airplane, hand saw."""
HARD_WEIGHT = 2.5
PRESENT = 0.4
"""A window counts as a drone's when the drone is there for this share of it."""
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Examples:
    """Features and classes of many examples."""

    features: NDArray[np.float16]
    """Shape (n, frames, bands)."""
    classes: NDArray[np.int64]
    """Shape (n,), index into :data:`~edged.training.corpus.KINDS`."""
    folds: NDArray[np.int64]
    """Shape (n,): the fold of the recordings that the example is made of."""

    def where(self, mask: NDArray[np.bool_]) -> "Examples":
        """Those for which ``mask`` (n,) is true."""
        return Examples(self.features[mask], self.classes[mask], self.folds[mask])


class ExampleMaker:
    """Draws examples from a set of recordings."""

    def __init__(self, recordings: Sequence[Recording], log_mel_config: LogMelConfig) -> None:
        self._by_kind = {kind: [r for r in recordings if r.kind == kind] for kind in KINDS}
        self._weights = {kind: _weights(self._by_kind[kind]) for kind in KINDS}
        self._config = log_mel_config
        indoor = [recording for recording in recordings if recording.windows]
        self._clean = [r for r in indoor if r.kind == "drone" and not r.name.startswith("mixed")]
        self._esc = [r for r in indoor if r.kind != "drone"]

    def make(self, count: int, random: Generator) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
        """``count`` examples: features (count, frames, bands) and classes (count,)."""
        kinds = random.choice(len(KINDS), count, p=[SHARES[kind] for kind in KINDS])
        features = [log_mel(self.sound(KINDS[kind], random), self._config) for kind in kinds]
        return np.stack(features).astype(np.float16), kinds

    def sound(self, kind: str, random: Generator) -> Sound:
        """One second of ``kind``, shape (16000,)."""
        draw = random.random()
        if draw < 0.25:
            return self._as_it_is(kind, random)
        if draw < 0.5 and kind == "drone":
            return self._mixed_as_published(random)
        sound = self._moved(kind, random) if kind != "background" else self._cut(kind, random)
        if kind != "background" and random.random() < 0.35:
            sound = sound * _partly_present(random)
        if random.random() < 0.75:
            low = -4.0 if kind == "drone" else -15.0
            sound = augment.mix_at_snr(sound, self._noise(random), float(random.uniform(low, 22.0)))
        return _as_heard(sound, random)

    def _as_it_is(self, kind: str, random: Generator) -> Sound:
        recording = self._pick(kind, random)
        if recording.windows:
            return recording.windows[random.integers(len(recording.windows))].samples
        return augment.cut(recording.samples, LENGTH, random)

    def _mixed_as_published(self, random: Generator) -> Sound:
        """A clean indoor drone with half the sum of an ESC-50 clip, as the data set's authors mixed them."""
        drone, noise = self._clean[random.integers(len(self._clean))], self._esc[random.integers(len(self._esc))]
        first, second = (r.windows[random.integers(len(r.windows))].samples for r in (drone, noise))
        gains = 0.5 * 10.0 ** (random.uniform(-3.0, 3.0, 2) / 20)
        return np.asarray(gains[0] * first + gains[1] * second, np.float32)

    def _cut(self, kind: str, random: Generator) -> Sound:
        factor = float(np.exp(random.normal(0.0, 0.12))) if random.random() < 0.4 else 1.0
        source = augment.cut(self._pick(kind, random).samples, int(LENGTH * factor) + 2, random)
        return augment.change_speed(source, factor, LENGTH) if factor != 1.0 else source[:LENGTH]

    def _moved(self, kind: str, random: Generator) -> Sound:
        if random.random() < 0.7:
            return self._cut(kind, random)
        source = augment.cut(self._pick(kind, random).samples, int(LENGTH * 1.3), random)
        speed, nearest = random.uniform(4, 30), random.uniform(4, 40)
        return augment.fly_by(source, speed, nearest, random.uniform(-2.0, 3.0), LENGTH)

    def _noise(self, random: Generator) -> Sound:
        draw = random.random()
        if draw < 0.10:
            return augment.wind(LENGTH, random)
        if draw < 0.20:
            return augment.coloured_noise(LENGTH, random.uniform(0.0, 2.0), random)
        return self._cut("background", random)

    def _pick(self, kind: str, random: Generator) -> Recording:
        recordings = self._by_kind[kind]
        return recordings[int(np.searchsorted(self._weights[kind], random.random()))]


def _weights(recordings: Sequence[Recording]) -> NDArray[np.float64]:
    """Cumulative probabilities of drawing each recording."""
    weight = np.array([np.sqrt(r.samples.size) * (HARD_WEIGHT if r.label in HARD_LABELS else 1.0) for r in recordings])
    for source, share in SOURCE_WEIGHTS.items():
        of_source = np.array([r.source == source for r in recordings])
        if of_source.any():
            weight[of_source] *= share / weight[of_source].sum()
    cumulative = np.cumsum(weight / weight.sum())
    cumulative[-1] = 1.0
    return cumulative


def _partly_present(random: Generator) -> Sound:
    """The sound begins or ends inside the window and fills at least :data:`PRESENT` of it."""
    share, ramp = random.uniform(PRESENT, 1.0), int(random.uniform(20, 4000))
    length = int(share * LENGTH)
    start, end = (LENGTH - length, 2 * LENGTH) if random.random() < 0.7 else (-LENGTH, length)
    return augment.presence(LENGTH, start, end, ramp)


def _as_heard(sound: Sound, random: Generator) -> Sound:
    """Through room and microphone: echo, frequency response, level, clipping, hiss, and the end of a recording."""
    if random.random() < 0.15:
        sound = augment.reverberate(sound, random.uniform(0.1, 0.6), random.uniform(0.2, 1.0), random)
    if random.random() < 0.5:
        sound = augment.equalise(sound, augment.random_response(LENGTH // 2 + 1, random))
    sound = sound * np.float32(10.0 ** random.uniform(-1.8, -0.3) / (np.abs(sound).max() + 1e-6))
    if random.random() < 0.1:
        sound = np.clip(sound * np.float32(10.0 ** random.uniform(0.3, 1.0)), -0.5, 0.5)
    if random.random() < 0.3:
        hiss = random.standard_normal(sound.size, np.float32)
        sound = sound + hiss * np.float32(10.0 ** random.uniform(-4.5, -2.5))
    if random.random() < 0.06:
        sound = augment.pad_tail(sound, int(random.integers(4000, LENGTH)))
    return sound.astype(np.float32, copy=False)


def _silent(_done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


_makers: dict[int, ExampleMaker] = {}


def make_pool(
    makers: dict[int, ExampleMaker],
    counts: dict[int, int],
    seed: int,
    workers: int,
    progress: Callable[[int, int], None] = _silent,
) -> Examples:
    """``counts[fold]`` examples of every fold, each made of recordings of that fold only.

    The same seed gives the same pool, with any number of workers: each chunk has a generator of its own.
    """
    _makers.update(makers)
    jobs = [(fold, seed, chunk) for fold, count in counts.items() for chunk in range(-(-count // CHUNK))]
    features, classes = [], []
    progress(0, len(jobs))
    with ProcessPoolExecutor(workers, get_context("fork")) as processes:
        for done, (some_features, some_classes) in enumerate(processes.map(_make_chunk, jobs), start=1):
            features.append(some_features)
            classes.append(some_classes)
            progress(done, len(jobs))
    folds = np.repeat([fold for fold, _, _ in jobs], CHUNK)
    return Examples(np.concatenate(features), np.concatenate(classes), folds)


def _make_chunk(job: tuple[int, int, int]) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    return _makers[job[0]].make(CHUNK, np.random.default_rng(job))
