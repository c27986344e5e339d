"""Drift: a lasting shift of a figure's mean is told once, and its end too; a passing one is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.runtime.drift import CLEARED, Drift, DriftConfig, Reference

CONFIG = DriftConfig(threshold=2.0, windows=50)
KNOWN = {"level": Reference(mean=-30.0, std=5.0), "score": Reference(mean=0.9, std=0.1)}


def watch(config: DriftConfig = CONFIG) -> tuple[Drift, list[bool]]:
    told: list[bool] = []
    return Drift("model", config, KNOWN, told.append), told


def look(drift: Drift, count: int, level: float = -30.0, score: float = 0.9) -> None:
    for _ in range(count):
        drift.look({"level": level, "score": score, "unknown": 1e9})


def test_nothing_is_said_before_there_are_enough_windows():
    """However far off the first ones are."""
    drift, told = watch()
    look(drift, CONFIG.windows - 1, level=-90)
    assert told == []
    look(drift, 1, level=-90)
    assert told == [True]


@pytest.mark.parametrize(("level", "score"), [(-41.0, 0.9), (-19.0, 0.9), (-30.0, 0.65)])
def test_a_shift_to_either_side_of_any_figure_is_told_once(level, score, caplog):
    """And written to the log with how far off each figure is."""
    drift, told = watch()
    look(drift, 1000, level, score)
    assert told == [True]
    assert caplog.messages == ["inputs unlike training"]


def test_a_passing_shift_is_not_told():
    """A tenth of the time constant far off is forgiven."""
    drift, told = watch()
    look(drift, 100)
    look(drift, CONFIG.windows // 10, level=-60)
    look(drift, 1000)
    assert told == []


def test_it_ends_only_when_the_mean_is_well_within_the_threshold():
    """Between the threshold and its lower brink nothing changes."""
    drift, told = watch()
    look(drift, 200, level=-60)
    between = -30.0 - 5.0 * CONFIG.threshold * (1 + CLEARED) / 2
    look(drift, 1000, level=between)
    assert told == [True]
    look(drift, 1000)
    assert told == [True, False]


def test_the_mean_is_plain_at_first_and_then_forgets():
    """The first windows weigh alike; after many, the first ones no longer count."""
    drift, _ = watch()
    look(drift, 10, level=-20)
    look(drift, 10, level=-30)
    assert drift.shifts()["level"] == pytest.approx(1.0)
    look(drift, 1000, level=-30)
    assert drift.shifts()["level"] == pytest.approx(0.0, abs=1e-6)


def test_windows_without_a_number_are_left_out():
    """One NaN does not blind it for ever."""
    drift, told = watch()
    look(drift, 100)
    look(drift, 10, score=float("nan"))
    look(drift, 500, level=-60)
    assert told == [True]


@given(st.integers(0, 2**32), st.floats(-3, 3), st.integers(20, 200))
def test_the_warning_is_on_exactly_when_the_mean_is_beyond(seed, shift, windows):
    """On noise round any lasting shift the answer is that of the means, whatever the time constant."""
    drift, told = watch(DriftConfig(threshold=2.0, windows=windows))
    for value in np.random.default_rng(seed).normal(shift, 1.0, 3 * windows).tolist():
        before = bool(told) and told[-1]
        look(drift, 1, level=-30.0 + 5.0 * value)
    worst = abs(drift.shifts()["level"])
    assert (bool(told) and told[-1]) == (worst > 2.0 * (CLEARED if before else 1.0))
    assert told == [place % 2 == 0 for place in range(len(told))]


@pytest.mark.parametrize("std", [0, -1, float("inf")])
def test_a_reference_needs_a_spread(std):
    """By a deviation of 0 everything would be infinitely far off."""
    with pytest.raises(ValidationError):
        Reference(mean=0, std=std)
