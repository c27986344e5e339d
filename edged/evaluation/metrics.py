"""Figures of merit of a classifier with two outcomes, in plain numpy.

``truth`` is boolean, shape (n,): whether a window is a drone. ``score`` is float, shape (n,), higher for drones.
Ratios without a denominator (no drones at all, say) are nan.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Truth = NDArray[np.bool_]
Score = NDArray[np.float64]


def confusion_matrix(truth: Truth, predicted: Truth) -> NDArray[np.int64]:
    """Counts of shape (2, 2): row is the truth, column the prediction, 0 for not a drone, 1 for a drone."""
    codes = 2 * truth.astype(np.int64) + predicted.astype(np.int64)
    return np.bincount(codes, minlength=4).reshape(2, 2)


def accuracy(truth: Truth, predicted: Truth) -> float:
    """Share of predictions that are true."""
    return _ratio((truth == predicted).sum(), truth.size)


def precision(truth: Truth, predicted: Truth) -> float:
    """Share of the predicted drones that are drones."""
    return _ratio((truth & predicted).sum(), predicted.sum())


def recall(truth: Truth, predicted: Truth) -> float:
    """Share of the drones that are predicted."""
    return _ratio((truth & predicted).sum(), truth.sum())


def f1(truth: Truth, predicted: Truth) -> float:
    """Harmonic mean of precision and recall."""
    return _ratio(2 * (truth & predicted).sum(), truth.sum() + predicted.sum())


def false_positive_rate(truth: Truth, predicted: Truth) -> float:
    """Share of what is not a drone that is predicted to be one."""
    return _ratio((~truth & predicted).sum(), (~truth).sum())


def roc_auc(truth: Truth, score: Score) -> float:
    """Chance that a drone scores higher than another sound, ties counting half (Mann & Whitney 1947); exact."""
    drones, others = int(truth.sum()), int((~truth).sum())
    if not drones or not others:
        return float("nan")
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2
    rank_sum = mean_rank[place][truth].sum()
    return float((rank_sum - drones * (drones + 1) / 2) / (drones * others))


def roc_curve(truth: Truth, score: Score) -> tuple[Score, Score, Score]:
    """False-positive rates, true-positive rates and thresholds (descending, from +inf), one for each distinct score."""
    order = np.argsort(-score, kind="stable")
    ranked, hits = score[order], truth[order]
    last_of_tie = np.append(np.flatnonzero(np.diff(ranked)), ranked.size - 1)
    true_positives = np.cumsum(hits)[last_of_tie]
    false_positives = last_of_tie + 1 - true_positives
    rates = (np.append(0, counts) / max(counts[-1], 1) for counts in (false_positives, true_positives))
    return next(rates), next(rates), np.append(np.inf, ranked[last_of_tie])


def best_threshold(truth: Truth, score: Score) -> float:
    """The threshold (score >= threshold is a drone) with the highest F1; the middle of the best stretch."""
    order = np.argsort(-score, kind="stable")
    ranked, hits = score[order], np.cumsum(truth[order])
    values = 2 * hits / (truth.sum() + np.arange(1, score.size + 1))
    values[:-1][np.diff(ranked) == 0] = -1.0  # a cut cannot lie inside a tie
    best = int(np.argmax(values))
    below = ranked[best + 1] if best + 1 < ranked.size else 0.0
    return float((ranked[best] + below) / 2)


def bootstrap_interval(
    statistic: Callable[[NDArray[np.int64]], float],
    groups: Sequence[str],
    rounds: int = 500,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of ``statistic(indices)`` under resampling of whole groups (Efron 1979).

    ``groups`` names each sample's recording: windows of one recording are not independent, so they stay together.
    """
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    random = np.random.default_rng(seed)
    draws = (random.integers(len(members), size=len(members)) for _ in range(rounds))
    values = [statistic(np.concatenate([members[i] for i in draw])) for draw in draws]
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _ratio(part: "np.integer | int", whole: "np.integer | int") -> float:
    return float(part) / float(whole) if whole else float("nan")
