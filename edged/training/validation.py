"""What split twins say about recordings that they have not heard, and the figures drawn from it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.evaluation import metrics
from edged.stages.compute_log_mel import LogMelConfig
from edged.training.augment import RATE_HZ
from edged.training.corpus import KINDS, Recording
from edged.training.scorer import Scorer, features_of, softmax

DRONE = KINDS.index("drone")
_OUTDOOR_HOP = RATE_HZ // 2


@dataclass(frozen=True, slots=True)
class Heard:
    """A model's answers to n windows, and the truth about them."""

    logits: NDArray[np.float32]
    """Shape (n, classes)."""
    embeddings: NDArray[np.float32]
    """Shape (n, d)."""
    kinds: NDArray[np.str_]
    sources: NDArray[np.str_]
    recordings: NDArray[np.str_]
    """What must not be torn apart by a bootstrap: recordings indoors, groups outdoors."""

    def where(self, mask: NDArray[np.bool_]) -> "Heard":
        """Those for which ``mask`` (n,) is true."""
        return Heard(*(getattr(self, field.name)[mask] for field in fields(self)))

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Whether each window is a drone's, shape (n,)."""
        return np.asarray(self.kinds == "drone")

    def scores(self, temperature: float) -> NDArray[np.float64]:
        """P(drone) of each window, shape (n,)."""
        return softmax(self.logits, temperature)[:, DRONE]


def hear(scorer: Scorer, recordings: Iterable[Recording], config: LogMelConfig) -> Heard:
    """Run a model over whole recordings: their own windows where they have them, else one every half second."""
    parts = [_hear_one(scorer, recording, config) for recording in recordings]
    return together(parts)


def together(parts: Sequence[Heard]) -> Heard:
    """One after another."""
    return Heard(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Heard)))


def windows_of(recording: Recording) -> NDArray[np.float32]:
    """The windows to judge by, shape (n, 16000)."""
    if recording.windows:
        return np.stack([window.samples for window in recording.windows])
    starts = range(0, max(recording.samples.size - RATE_HZ, 0) + 1, _OUTDOOR_HOP)
    return np.stack([np.resize(recording.samples[start : start + RATE_HZ], RATE_HZ) for start in starts])


def _hear_one(scorer: Scorer, recording: Recording, config: LogMelConfig) -> Heard:
    logits, embeddings = scorer(features_of(windows_of(recording), config))
    unit = recording.group if recording.source == "outdoor" else recording.name
    same = [np.full(len(logits), text) for text in (recording.kind, recording.source, unit)]
    return Heard(logits, embeddings, *same)


def fit_temperature(heard: Heard) -> float:
    """The temperature at which the scores are most honest: the least cross-entropy (Guo et al. 2017)."""
    codes = np.array([KINDS.index(kind) for kind in heard.kinds.tolist()])
    grid = np.geomspace(0.5, 4.0, 43)

    def surprise(temperature: float) -> float:
        scores = softmax(heard.logits, temperature)
        return float(-np.log(scores[np.arange(codes.size), codes] + 1e-9).mean())

    return round(float(min(grid, key=surprise)), 3)


def indoor_figures(heard: Heard, temperature: float, threshold: float, rounds: int = 300) -> dict[str, Any]:
    """Accuracy, precision, recall, F1 and ROC AUC of windows, each with its 95 % interval by recording."""
    truth, score = heard.truth, heard.scores(temperature)
    called = score >= threshold
    measures: dict[str, Callable[[NDArray[np.int64]], float]] = {
        "accuracy": lambda i: metrics.accuracy(truth[i], called[i]),
        "precision": lambda i: metrics.precision(truth[i], called[i]),
        "recall": lambda i: metrics.recall(truth[i], called[i]),
        "f1": lambda i: metrics.f1(truth[i], called[i]),
        "roc_auc": lambda i: metrics.roc_auc(truth[i], score[i]),
    }
    figures = {name: measured(measure, heard.recordings, rounds) for name, measure in measures.items()}
    return {"windows": truth.size, "recordings": len(set(heard.recordings.tolist())), **figures}


def called_drone(heard: Heard, temperature: float, threshold: float, rounds: int = 300) -> dict[str, Any]:
    """Share of the windows called a drone, with its 95 % interval by group."""
    called = heard.scores(temperature) >= threshold
    share = measured(lambda i: float(called[i].mean()), heard.recordings, rounds)
    return {"windows": called.size, "groups": len(set(heard.recordings.tolist())), "called_drone": share}


def measured(statistic: Callable[[NDArray[np.int64]], float], groups: NDArray[np.str_], rounds: int) -> dict[str, Any]:
    """A figure with its interval, rounded for the card."""
    low, high = metrics.bootstrap_interval(statistic, groups.tolist(), rounds)
    value = statistic(np.arange(groups.size))
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4)}
