"""Metrics: against cases worked out by hand."""

import math

import numpy as np
import pytest

from edged.evaluation import metrics

TRUTH = np.array([True, True, True, False, False, False, False, False])
SCORE = np.array([0.9, 0.8, 0.3, 0.7, 0.4, 0.2, 0.1, 0.1])
CALLED = SCORE >= 0.5


def test_counts_and_ratios_are_those_worked_out_by_hand() -> None:
    """Two of three drones found, one of five others called a drone."""
    assert metrics.confusion_matrix(TRUTH, CALLED).tolist() == [[4, 1], [1, 2]]
    assert metrics.accuracy(TRUTH, CALLED) == pytest.approx(6 / 8)
    assert metrics.precision(TRUTH, CALLED) == pytest.approx(2 / 3)
    assert metrics.recall(TRUTH, CALLED) == pytest.approx(2 / 3)
    assert metrics.f1(TRUTH, CALLED) == pytest.approx(2 / 3)
    assert metrics.false_positive_rate(TRUTH, CALLED) == pytest.approx(1 / 5)


def test_area_under_the_roc_counts_pairs() -> None:
    """Of 15 pairs of a drone and another sound, 13 are in order: 5 + 5 + 3."""
    assert metrics.roc_auc(TRUTH, SCORE) == pytest.approx(13 / 15)


def test_a_tie_counts_half() -> None:
    """Equal scores for everything are worth a coin's toss; one tie among two pairs is worth 3/4."""
    assert metrics.roc_auc(TRUTH, np.zeros(8)) == pytest.approx(0.5)
    assert metrics.roc_auc(np.array([True, False, False]), np.array([0.5, 0.5, 0.1])) == pytest.approx(0.75)


def test_area_equals_the_area_under_the_curve() -> None:
    """The curve's trapezia add up to the exact area, ties included."""
    random = np.random.default_rng(0)
    truth, score = random.random(500) < 0.3, random.integers(0, 20, 500) / 20
    false_positives, true_positives, thresholds = metrics.roc_curve(truth, score)
    assert np.trapezoid(true_positives, false_positives) == pytest.approx(metrics.roc_auc(truth, score))
    assert (np.diff(thresholds) < 0).all()
    assert (false_positives[0], true_positives[0]) == (0, 0)
    assert (false_positives[-1], true_positives[-1]) == (1, 1)


def test_without_drones_or_without_others_there_is_no_area() -> None:
    """A ratio without a denominator is nan, not a number that looks good."""
    none = np.zeros(3, bool)
    assert math.isnan(metrics.roc_auc(none, np.ones(3)))
    assert math.isnan(metrics.recall(none, none))
    assert math.isnan(metrics.precision(none, none))


def test_best_threshold_separates_what_can_be_separated() -> None:
    """It lies in the middle of the gap, and never inside a tie."""
    truth = np.array([False, False, True, True])
    assert metrics.best_threshold(truth, np.array([0.1, 0.2, 0.6, 0.8])) == pytest.approx(0.4)
    assert metrics.best_threshold(truth, np.array([0.1, 0.5, 0.5, 0.5])) == pytest.approx(0.3)


def test_interval_widens_when_windows_of_a_recording_stay_together() -> None:
    """Ten recordings whose windows are all alike say less than a hundred independent windows."""
    values = np.repeat(np.arange(10) % 2, 10).astype(float)

    def mean(indices: np.ndarray) -> float:
        return float(values[indices].mean())

    alone = metrics.bootstrap_interval(mean, [str(i) for i in range(100)])
    grouped = metrics.bootstrap_interval(mean, [str(i // 10) for i in range(100)])
    assert alone[0] < 0.5 < alone[1]
    assert grouped[1] - grouped[0] > 2 * (alone[1] - alone[0])


def test_interval_is_the_same_every_time() -> None:
    """It is seeded: a card that is written twice is the same."""
    scores = np.linspace(0, 1, 20)

    def mean(indices: np.ndarray) -> float:
        return float(scores[indices].mean())

    groups = [str(i // 2) for i in range(20)]
    assert metrics.bootstrap_interval(mean, groups) == metrics.bootstrap_interval(mean, groups)
