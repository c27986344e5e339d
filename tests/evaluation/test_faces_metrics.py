"""Figures of recognising faces: known answers, and what holds for any scores."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edged.evaluation import faces_metrics as metrics
from edged.evaluation.faces_metrics import Lookups

SIMILARITIES = arrays(np.float64, st.integers(1, 60), elements=st.integers(-20, 20).map(lambda tenths: tenths / 20))
"""Coarse, so that ties are common."""


def lookups(best, second=-1.0, right=True):
    best = np.array(best, dtype=np.float64)
    return Lookups(best, np.broadcast_to(second, best.shape), np.broadcast_to(np.asarray(right), best.shape))


def test_a_name_needs_threshold_and_margin():
    """Both are reached by equality; too near to the second is no name, nor is a picture without a face."""
    asked = lookups([0.5, 0.49, 0.75, 0.75, -np.inf], [0.0, 0.0, 0.5, 0.6, -1.0])
    assert asked.named(0.5, 0.25).tolist() == [True, False, True, False, False]


def test_known_and_strangers_at_a_threshold():
    """A wrong name for one of the known is not a name of theirs; any name for a stranger is false."""
    known = lookups([0.9, 0.8, 0.7, 0.2], right=[True, False, True, True])
    assert metrics.rank1(known) == 0.75
    assert metrics.known_named(known, 0.5) == 0.5
    assert metrics.strangers_named(lookups([0.6, 0.1, -np.inf, 0.4], right=False), 0.5) == 0.25


def test_named_where_so_many_strangers_are():
    """One of four strangers may be named at 25 %, none at 10 %."""
    known, strangers = lookups([0.9, 0.45, 0.3]), lookups([0.5, 0.4, 0.3, 0.2], right=False)
    assert metrics.named_at(known, strangers, 0.25) == pytest.approx(2 / 3)
    assert metrics.named_at(known, strangers, 0.1) == pytest.approx(1 / 3)


def test_a_stranger_between_two_people_is_not_named_where_a_margin_is_asked():
    """So the threshold may be lower."""
    known = lookups([0.9, 0.45], [0.1, 0.1])
    strangers = lookups([0.5, 0.2], [0.48, 0.0], right=False)
    assert metrics.named_at(known, strangers, 0.0) == 0.5
    assert metrics.named_at(known, strangers, 0.0, margin=0.1) == 1.0


def test_pairs_at_a_false_accept_rate():
    """One of a hundred pairs of two people may be accepted at 1 %, none at 0.1 %."""
    impostors = np.linspace(-0.5, 0.49, 100)
    genuine = np.array([0.485, 0.6, 0.7, 0.2])
    assert metrics.tar_at_far(genuine, impostors, 0.01) == 0.75
    assert metrics.tar_at_far(genuine, impostors, 0.001) == 0.5


def test_errors_meet():
    """A quarter of each on the wrong side is an equal error rate of a quarter."""
    genuine, impostors = np.array([0.9, 0.8, 0.7, 0.1]), np.array([0.75, 0.0, -0.1, -0.2])
    assert metrics.equal_error_rate(genuine, impostors) == pytest.approx(0.25)
    assert metrics.equal_error_rate(genuine, np.array([-0.5])) == 0.0


@pytest.mark.parametrize(("share", "n", "low", "high"), [(0.5, 10, 0.2366, 0.7634), (0.0, 280, 0.0, 0.01354)])
def test_wilson_interval_is_that_of_the_tables(share, n, low, high):
    """Known answers; no failures among n still says how many there may be."""
    assert metrics.wilson_interval(share, n) == pytest.approx((low, high), abs=1e-4)


def test_figures_without_a_denominator_are_nan():
    """No strangers, no pairs, no trials: nothing is claimed."""
    none = np.array([])
    assert math.isnan(metrics.rank1(lookups([])))
    assert math.isnan(metrics.named_at(lookups([0.5]), lookups([]), 0.01))
    assert math.isnan(metrics.tar_at_far(np.array([0.5]), none, 0.01))
    assert math.isnan(metrics.equal_error_rate(none, np.array([0.5])))
    assert math.isnan(metrics.wilson_interval(math.nan, 0)[0])


def test_folds_are_judged_by_a_threshold_that_has_not_seen_them():
    """The fold whose own best threshold is higher pays for it."""
    similarity = np.array([0.4, 0.0, 0.9, 0.6])
    same = np.array([True, False, True, False])
    (first, by_second), (second, by_first) = metrics.cross_validated(similarity, same, np.array([0, 0, 1, 1]))
    assert (first, by_second) == (0.5, 0.75)
    assert (second, by_first) == (0.5, 0.2)


@given(SIMILARITIES, st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.5, 1.0]))
def test_a_threshold_keeps_its_rate_and_a_lower_one_would_not(impostors, rate):
    """It is the lowest that does."""
    threshold = metrics.threshold_at(impostors, rate)
    assert (impostors >= threshold).mean() <= rate
    if rate < 1:
        assert (impostors >= np.nextafter(threshold, -np.inf)).mean() > rate


@given(SIMILARITIES, SIMILARITIES)
def test_errors_are_opposed(genuine, impostors):
    """With the threshold, false accepts fall from all to none and false rejects rise; so the two meet."""
    accepted, rejected, thresholds = metrics.error_curve(genuine, impostors)
    assert accepted[-1] == 0.0
    assert rejected[-1] == 1.0
    assert (np.diff(accepted) <= 0).all()
    assert (np.diff(rejected) >= 0).all()
    for at in (0, len(thresholds) // 2):
        assert accepted[at] == pytest.approx((impostors >= thresholds[at]).mean())
        assert rejected[at] == pytest.approx((genuine < thresholds[at]).mean())
    assert 0.0 <= metrics.equal_error_rate(genuine, impostors) <= 1.0


@given(st.lists(st.tuples(st.integers(-10, 10), st.booleans()), min_size=1, max_size=40))
def test_no_threshold_judges_pairs_better_than_the_best(pairs):
    """Compared with every other that there could be."""
    similarity = np.array([tenths / 10 for tenths, _ in pairs])
    same = np.array([yes for _, yes in pairs])

    def right(threshold):
        return ((similarity >= threshold) == same).sum()

    others = [*similarity, np.inf]
    assert right(metrics.best_threshold(similarity, same)) == max(right(threshold) for threshold in others)


@given(st.integers(1, 500), st.data())
def test_an_interval_holds_its_share(n, data):
    """And stays in [0, 1]."""
    share = data.draw(st.integers(0, n)) / n
    low, high = metrics.wilson_interval(share, n)
    assert 0.0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1.0
