"""Judges a drone sound model by a folder of labelled windows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.evaluation import metrics
from edged.evaluation.windows import is_drone, read_table, read_windows
from edged.inference.model import Model
from edged.stages.classify_sound import ClassifySound
from edged.stages.compute_log_mel import LogMelConfig, log_mel

ScoreFunction = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""From windows (n, 16000), 16 kHz in [-1, 1], to P(drone) in [0, 1], shape (n,)."""
BATCH = 64
LABELS = ("background", "drone")
"""Rows and columns of the confusion matrix: truth down, prediction across."""


def score_function(model: Model) -> ScoreFunction:
    """How ``model`` scores windows: through the same features and the same classifier as live sound."""
    features = LogMelConfig.model_validate(model.card.parameters["features"])
    classify, drone = ClassifySound(model), model.card.labels.index("drone")
    return lambda windows: np.array([classify.score(picture)[0][drone] for picture in log_mel(windows, features)])


def _silent(_done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


def evaluate(
    score: ScoreFunction,
    directory: Path,
    threshold: float,
    progress: Callable[[int, int], None] = _silent,
) -> dict[str, Any]:
    """Score every window of a folder laid out as :mod:`edged.evaluation.windows` says.

    ``progress(done, total)`` is called now and then. Raises :class:`~edged.evaluation.windows.FolderError` or
    :class:`~edged.errors.RecordingError` when the folder cannot be used.
    """
    total = len(read_table(directory / "windows.csv"))
    labels: list[str] = []
    recordings: list[str] = []
    scores: list[NDArray[np.floating]] = []
    batch: list[NDArray[np.float32]] = []
    for window in read_windows(directory):
        labels.append(window.label)
        recordings.append(window.recording)
        batch.append(window.samples)
        if len(batch) == BATCH or len(labels) == total:
            scores.append(score(np.stack(batch)))
            batch.clear()
            progress(len(labels), total)
    return summarise(labels, recordings, np.concatenate(scores).astype(np.float64), threshold)


def summarise(
    labels: Sequence[str], recordings: Sequence[str], score: NDArray[np.float64], threshold: float
) -> dict[str, Any]:
    """The figures of merit of n scores, as plain numbers that JSON can hold; nan becomes None."""
    truth = np.array([is_drone(label) for label in labels], dtype=bool)
    predicted = score >= threshold
    false_positives, true_positives, _ = metrics.roc_curve(truth, score)
    figures = {
        "n": len(labels),
        "recordings": len(set(recordings)),
        "threshold": threshold,
        "accuracy": metrics.accuracy(truth, predicted),
        "precision": metrics.precision(truth, predicted),
        "recall": metrics.recall(truth, predicted),
        "f1": metrics.f1(truth, predicted),
        "roc_auc": metrics.roc_auc(truth, score),
        "false_positive_rate": _by_label(labels, truth, predicted),
        "confusion_matrix": metrics.confusion_matrix(truth, predicted).tolist(),
        "labels": list(LABELS),
        "roc": {"false_positive_rate": false_positives.tolist(), "true_positive_rate": true_positives.tolist()},
    }
    return {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in figures.items()}


def _by_label(labels: Sequence[str], truth: metrics.Truth, predicted: metrics.Truth) -> dict[str, float]:
    """Share of the windows of each label that is not a drone's that were called a drone."""
    named = np.asarray(labels)
    return {label: float(predicted[named == label].mean()) for label in sorted(set(named[~truth].tolist()))}
