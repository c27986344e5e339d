"""Lives: when edged ran, and the gaps between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.report_page.lives import End, gaps_of, known_s, lives_of, up_s
from tests.report_page.made import DAY_S, NOON_S, PERIOD, a_run

HOUR_S = 3600.0


def test_a_life_stops_is_cut_short_or_goes_on():
    """Each as its run tells; the last goes on as long as it was seen lately."""
    runs = [a_run(1, 0, HOUR_S, stopped=True), a_run(2, 2 * HOUR_S, 3 * HOUR_S), a_run(3, 4 * HOUR_S, 5 * HOUR_S)]
    lives = lives_of(runs, NOON_S + 5 * HOUR_S + 100)
    assert [life.end for life in lives] == [End.STOPPED, End.CUT, End.NONE]
    assert lives[-1].ended_s == NOON_S + 5 * HOUR_S + 100
    assert lives_of(runs, NOON_S + 6 * HOUR_S)[-1].end is End.CUT


def test_gaps_tell_how_they_began_and_ended():
    """By a stop or a cut, on the same boot or another, and whether edged runs again; before the first life is none."""
    runs = [
        a_run(1, HOUR_S, 2 * HOUR_S, stopped=True),
        a_run(2, 3 * HOUR_S, 4 * HOUR_S),
        a_run(3, 5 * HOUR_S, 6 * HOUR_S, boot_id="b"),
    ]
    gaps = gaps_of(lives_of(runs, PERIOD.until_s), PERIOD)
    assert [(gap.from_s - NOON_S, gap.until_s - NOON_S) for gap in gaps] == [
        (2 * HOUR_S, 3 * HOUR_S),
        (4 * HOUR_S, 5 * HOUR_S),
        (6 * HOUR_S, DAY_S),
    ]
    assert [gap.end for gap in gaps] == [End.STOPPED, End.CUT, End.CUT]
    assert [gap.rebooted for gap in gaps] == [False, True, False]
    assert [gap.over for gap in gaps] == [True, True, False]
    lives = lives_of(runs, PERIOD.until_s)
    assert up_s(lives, PERIOD) == 3 * HOUR_S
    assert known_s(lives, PERIOD) == 23 * HOUR_S


def test_gaps_outside_the_period_are_none_of_its():
    """One that reaches into it is."""
    runs = [
        a_run(1, -5 * DAY_S, -4 * DAY_S),
        a_run(2, -3 * DAY_S, -DAY_S),
        a_run(3, 1, 2),
        a_run(4, 3 * DAY_S, 4 * DAY_S),
    ]
    gaps = gaps_of(lives_of(runs, PERIOD.until_s + 4 * DAY_S), PERIOD)
    assert [(gap.from_s - NOON_S, gap.until_s - NOON_S) for gap in gaps] == [(-DAY_S, 1), (2, 3 * DAY_S)]


@given(st.lists(st.tuples(st.floats(-DAY_S, 2 * DAY_S), st.floats(0, DAY_S), st.booleans()), max_size=6))
def test_up_and_gaps_fill_the_known_time(lives):
    """Whatever clocks did: no time counts twice, none is missing."""
    runs = [a_run(number, at_s, at_s + for_s, stopped=stopped) for number, (at_s, for_s, stopped) in enumerate(lives)]
    found = lives_of(runs, PERIOD.until_s + 3 * DAY_S)
    gaps = gaps_of(found, PERIOD)
    down_s = sum(min(gap.until_s, PERIOD.until_s) - max(gap.from_s, PERIOD.since_s) for gap in gaps)
    assert up_s(found, PERIOD) + down_s == pytest.approx(known_s(found, PERIOD), abs=1e-3)


def test_without_runs_nothing_is_known():
    """No life, no gap, no time."""
    assert gaps_of([], PERIOD) == []
    assert known_s([], PERIOD) == up_s([], PERIOD) == 0
