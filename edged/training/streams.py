"""Hours of background with fly-overs in it, made of recordings that a model has not heard: the judge of the system."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edged.messages.event import Event, ModelUse, Phase
from edged.messages.sound import Harmonics, KnownWindow, ScoredWindow, Span
from edged.stages.compute_log_mel import LogMelConfig, log_mel
from edged.stages.smooth_scores import SmoothingConfig, SmoothScores
from edged.training import augment
from edged.training.augment import RATE_HZ, Sound
from edged.training.corpus import Recording

HOP_S = 0.25
WINDOW_S = 1.0
_NO_HARMONICS = Harmonics(0.0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class FlyOver:
    """A drone that is heard for a while."""

    start_s: float
    """When it is there: from here on its level is within 10 dB of the one that its SNR is measured at."""
    end_s: float
    snr_db: float
    """Power of the fly-over to power of the background, both over the time in which it is there."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Sound with what is in it."""

    samples: Sound
    fly_overs: tuple[FlyOver, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How events compare with the truth."""

    hours: float
    false_events: int
    found: dict[float, tuple[int, int]]
    """By SNR: fly-overs found, and all of them."""
    delays_s: dict[float, list[float]]
    """By SNR: from the fly-over's start to the decision."""


def background(recordings: Sequence[Recording], seconds: float, random: Generator) -> Sound:
    """Distractors back to back, each in full once before any comes again, at levels within 6 dB of its own."""
    clips: list[Sound] = []
    length = 0
    while length < seconds * RATE_HZ:
        for place in random.permutation(len(recordings)):
            clip = recordings[place].samples[: 5 * RATE_HZ]
            clips.append(clip * np.float32(10.0 ** (random.uniform(-6, 6) / 20)))
            length += clip.size
    return np.concatenate(clips)[: int(seconds * RATE_HZ)]


def fly_over(recording: Recording, random: Generator) -> Sound:
    """A drone passing in 6 to 12 s: Doppler's shift, 1/r, and faded at both ends."""
    length = int(random.uniform(6.0, 12.0) * RATE_HZ)
    source = augment.cut(recording.samples, int(length * 1.2), random)
    middle_s = length / RATE_HZ / 2
    sound = augment.fly_by(source, random.uniform(5, 15), random.uniform(10, 30), middle_s, length)
    return sound * augment.presence(length, RATE_HZ // 4, length - RATE_HZ // 4, RATE_HZ // 4)


def make_stream(
    backgrounds: Sequence[Recording],
    drones: Sequence[Recording],
    seconds: float,
    snrs_db: Sequence[float],
    random: Generator,
    every_s: float = 40.0,
) -> Stream:
    """Background with a fly-over every ``every_s``, its SNR each of ``snrs_db`` in turn; none without ``snrs_db``."""
    samples = background(backgrounds, seconds, random)
    fly_overs = []
    for number in range(int(seconds / every_s) if snrs_db else 0):
        sound = fly_over(drones[int(random.integers(len(drones)))], random)
        start = int((number * every_s + random.uniform(5, every_s - 18)) * RATE_HZ)
        fly_overs.append(_mix_in(samples, sound, start, snrs_db[number % len(snrs_db)]))
    return Stream(samples, tuple(fly_overs))


def _mix_in(samples: Sound, sound: Sound, start: int, snr_db: float) -> FlyOver:
    power = np.convolve(sound**2, np.full(RATE_HZ // 4, 4.0 / RATE_HZ), "same")
    there = np.flatnonzero(power >= 0.1 * power.mean())
    first, last = int(there[0]), int(there[-1])
    stretch = samples[start + first : start + last]
    gain = augment.rms(stretch) / augment.rms(sound[first:last]) * 10.0 ** (snr_db / 20)
    samples[start : start + sound.size] += np.float32(max(gain, 1e-3)) * sound
    return FlyOver((start + first) / RATE_HZ, (start + last) / RATE_HZ, snr_db)


def stream_features(samples: Sound, config: LogMelConfig) -> NDArray[np.float32]:
    """Features of every window of a stream, shape (windows, frames, bands)."""
    hop, length = int(HOP_S * RATE_HZ), int(WINDOW_S * RATE_HZ)
    starts = range(0, samples.size - length + 1, hop)
    return np.stack([log_mel(samples[start : start + length], config) for start in starts])


def events(
    scores: NDArray[np.floating], labels: Sequence[str], config: SmoothingConfig, known: NDArray[np.bool_] | None = None
) -> list[Event]:
    """What SmoothScores makes of a stream's scores (windows, labels), those that are not ``known`` left out."""
    stage = SmoothScores(config, "drones", new_id=lambda _: "")
    made: list[Event] = []
    for place, window in enumerate(_windows(scores, labels)):
        if known is None or known[place]:
            made.extend(stage(window))
        else:
            made.extend(stage.advance(window.scored.span.end_s))
    return [*made, *stage.finish()]


def _windows(scores: NDArray[np.floating], labels: Sequence[str]) -> Iterator[KnownWindow]:
    embedding, use = np.empty(0, np.float32), ModelUse("", "", "")
    for place, row in enumerate(scores.tolist()):
        span = Span(place * HOP_S, place * HOP_S + WINDOW_S)
        yield KnownWindow(ScoredWindow(dict(zip(labels, row, strict=True)), embedding, use, _NO_HARMONICS, span))


def judge(made: Sequence[Event], stream: Stream) -> Verdict:
    """Compare events with fly-overs: an event that overlaps one is true, a fly-over that an event overlaps is found."""
    spans = _spans(made)
    found: dict[float, tuple[int, int]] = {}
    delays: dict[float, list[float]] = {}
    for fly in stream.fly_overs:
        hits = [observed for start, end, observed in spans if start < fly.end_s + 1 and end > fly.start_s]
        count, total = found.get(fly.snr_db, (0, 0))
        found[fly.snr_db] = (count + bool(hits), total + 1)
        delays.setdefault(fly.snr_db, []).extend([max(0.0, min(hits) - fly.start_s)] if hits else [])
    flown = [(fly.start_s - 1, fly.end_s + 1) for fly in stream.fly_overs]
    false = sum(not any(start < high and end > low for low, high in flown) for start, end, _ in spans)
    return Verdict(stream.samples.size / RATE_HZ / 3600, false, found, delays)


def _spans(made: Sequence[Event]) -> list[tuple[float, float, float]]:
    """Start, end and moment of decision of each event."""
    observed = [event.observed_s for event in made if event.phase is Phase.START]
    ended = [event for event in made if event.phase is Phase.END]
    return [(event.start_s, event.end_s, decided) for event, decided in zip(ended, observed, strict=True)]
