"""Histogram: what a step took, since the start and in the last hour, in a fixed room."""

import threading
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.runtime.histogram import BOUNDS_S, Histogram

TIMES_S = st.floats(0.0, 60.0)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(TIMES_S, max_size=200))
def test_buckets_hold_each_observation_once(times_s):
    """Each bound has as many below it as there were, the infinite one all of them, and the sum is theirs."""
    histogram = Histogram(Clock())
    for time_s in times_s:
        histogram.observe(time_s)
    known = histogram.snapshot()
    assert known.buckets == tuple((bound, sum(time_s <= bound for time_s in times_s)) for bound in (*BOUNDS_S, inf))
    assert known.sum_s == pytest.approx(sum(times_s))


@given(st.lists(TIMES_S, min_size=1, max_size=200))
def test_quantiles_are_within_their_bucket(times_s):
    """p50 and p95 lie in the bucket of the true one, as numpy's inverted distribution has it; max is exact."""
    histogram = Histogram(Clock())
    for time_s in times_s:
        histogram.observe(time_s)
    known = histogram.snapshot()
    edges = np.array([0.0, *BOUNDS_S, inf])
    for share, told_ms in ((0.5, known.p50_ms), (0.95, known.p95_ms)):
        true_s = float(np.quantile(times_s, share, method="inverted_cdf"))
        at = max(1, int(np.searchsorted(edges, true_s)))
        assert edges[at - 1] * 1e3 - 0.001 <= told_ms <= min(edges[at], max(times_s)) * 1e3 + 0.001
    assert known.max_ms == pytest.approx(max(times_s) * 1e3, abs=0.001)


def test_an_hour_ago_is_forgotten_and_the_start_is_not():
    """Quantiles are of the last hour; buckets, as Prometheus wants them, never go down."""
    clock = Clock()
    histogram = Histogram(clock)
    histogram.observe(20.0)
    clock.now += 1800
    histogram.observe(0.002)
    assert histogram.snapshot().max_ms == 20_000
    clock.now += 1800
    assert histogram.snapshot().max_ms == 2
    clock.now += 3600
    known = histogram.snapshot()
    assert (known.p50_ms, known.p95_ms, known.max_ms) == (0, 0, 0)
    assert known.buckets[-1][1] == 2


def test_what_cannot_be_is_left_out():
    """A clock that was set back, or no number, spoils nothing."""
    histogram = Histogram(Clock())
    for time_s in (-1.0, nan, inf, 0.25):
        histogram.observe(time_s)
    known = histogram.snapshot()
    assert (known.buckets[-1][1], known.sum_s) == (1, 0.25)


def test_threads_may_observe_at_once():
    """Not one observation of four threads is lost."""
    histogram = Histogram()
    threads = [threading.Thread(target=lambda: [histogram.observe(0.01) for _ in range(5000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert histogram.snapshot().buckets[-1][1] == 20_000
