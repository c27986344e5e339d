"""The whole chain on streams of recordings that a twin did not hear: fly-overs found, false events, delay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.stages import reject_unknown
from edged.stages.compute_log_mel import LogMelConfig
from edged.stages.filter_harmonics import HarmonicsConfig, assess, may_be_rotor
from edged.stages.reject_unknown import UnknownStatistics
from edged.stages.smooth_scores import SmoothingConfig
from edged.training import streams
from edged.training.augment import RATE_HZ
from edged.training.corpus import KINDS, Recording
from edged.training.scorer import Scorer, softmax
from edged.training.streams import Stream, Verdict

SNRS_DB = (10.0, 5.0, 0.0)
EVERY_S = 40.0
_CLIP = 5 * RATE_HZ


@dataclass(frozen=True, slots=True)
class ScoredStream:
    """A stream and what a model says of each of its windows."""

    stream: Stream
    logits: NDArray[np.float32]
    distances: NDArray[np.float32]
    """Mahalanobis distance of each window to the known, shape (windows,)."""


def score_streams(
    scorer: Scorer,
    known: UnknownStatistics,
    recordings: Sequence[Recording],
    config: LogMelConfig,
    hours: float,
    fly_overs: int,
    seed: int,
) -> tuple[ScoredStream, ScoredStream]:
    """A stream of background alone and one with fly-overs, scored."""
    random = np.random.default_rng(seed)
    distractors = _clips([recording for recording in recordings if recording.kind != "drone"])
    drones = _evenly([recording for recording in recordings if recording.kind == "drone"])
    quiet = streams.make_stream(distractors, drones, hours * 3600, (), random)
    flown = streams.make_stream(distractors, drones, fly_overs * EVERY_S, SNRS_DB, random, EVERY_S)
    return _score(scorer, known, quiet, config), _score(scorer, known, flown, config)


def _score(scorer: Scorer, known: UnknownStatistics, stream: Stream, config: LogMelConfig) -> ScoredStream:
    logits, embeddings = scorer(streams.stream_features(stream.samples, config))
    distances = [reject_unknown.mahalanobis(embedding, known) for embedding in embeddings]
    return ScoredStream(stream, logits, np.array(distances, np.float32))


def _clips(recordings: Sequence[Recording]) -> list[Recording]:
    """Recordings cut to clips of at most 5 s; of what comes twice (ESC-10 and the indoor set) the longer one."""
    whole = {recording.group for recording in recordings if recording.source == "esc10"}
    clips = []
    for recording in recordings:
        if recording.source == "indoor" and recording.group in whole:
            continue
        for start in range(0, max(1, recording.samples.size - _CLIP // 2), _CLIP):
            part = recording.samples[start : start + _CLIP]
            clips.append(Recording(recording.name, recording.group, recording.kind, recording.source, "", part))
    return clips


def _evenly(drones: Sequence[Recording]) -> list[Recording]:
    """As many outdoor recordings as indoor ones, by repetition."""
    outdoor = [recording for recording in drones if recording.source == "outdoor"]
    indoor = [recording for recording in drones if recording.source == "indoor"]
    return indoor + outdoor * max(1, len(indoor) // max(1, len(outdoor)))


def flown_windows(scored: ScoredStream) -> NDArray[np.bool_]:
    """Which windows lie wholly inside a fly-over, shape (windows,)."""
    starts = np.arange(len(scored.logits)) * streams.HOP_S
    inside = [(starts >= fly.start_s) & (starts + streams.WINDOW_S <= fly.end_s) for fly in scored.stream.fly_overs]
    return np.any(inside, axis=0) if inside else np.zeros(len(starts), bool)


def judge(
    scored: Sequence[ScoredStream], temperature: float, smoothing: SmoothingConfig, greatest_distance: float
) -> Verdict:
    """All streams together, through SmoothScores, without the windows that the gate spares or RejectUnknown drops."""
    verdicts = []
    for one in scored:
        scores = softmax(one.logits, temperature)
        counted = (one.distances <= greatest_distance) & passed(one.stream)
        made = streams.events(scores, KINDS, smoothing, counted)
        verdicts.append(streams.judge(made, one.stream))
    return _sum(verdicts)


def passed(stream: Stream) -> NDArray[np.bool_]:
    """Which windows the harmonic gate lets through, as shipped; shape (windows,)."""
    gate, length, hop = HarmonicsConfig(), int(streams.WINDOW_S * RATE_HZ), int(streams.HOP_S * RATE_HZ)
    starts = range(0, stream.samples.size - length + 1, hop)
    return np.array([may_be_rotor(assess(stream.samples[start : start + length], gate), gate) for start in starts])


def _sum(verdicts: Sequence[Verdict]) -> Verdict:
    found: dict[float, tuple[int, int]] = {}
    delays: dict[float, list[float]] = {}
    for verdict in verdicts:
        for snr, (hits, total) in verdict.found.items():
            before = found.get(snr, (0, 0))
            found[snr] = (before[0] + hits, before[1] + total)
            delays.setdefault(snr, []).extend(verdict.delays_s[snr])
    hours, false = sum(v.hours for v in verdicts), sum(v.false_events for v in verdicts)
    return Verdict(hours, false, found, delays)


def figures(quiet: Verdict, flown: Verdict, smoothing: SmoothingConfig) -> dict[str, Any]:
    """What the card says of the system."""
    by_snr = {
        f"{snr:g}_db": {
            "found": hits,
            "of": total,
            "median_delay_s": round(float(np.median(flown.delays_s[snr])), 2) if flown.delays_s[snr] else None,
        }
        for snr, (hits, total) in sorted(flown.found.items(), reverse=True)
    }
    return {
        "smoothing": smoothing.model_dump(include={"threshold", "sure", "sure_votes", "votes", "vote_s", "release"}),
        "background_hours": round(quiet.hours, 2),
        "false_events_per_hour": round(quiet.false_events / quiet.hours, 2),
        "fly_overs": by_snr,
    }
