"""Health spans: how each part was, while edged ran."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from edged.report_page.health_spans import CELLS, MOST_SPANS, coarse, spans_of, well_share
from edged.report_page.lives import lives_of
from tests.report_page.made import DAY_S, NOON_S, PERIOD, a_change, a_run


def spans(changes, *runs):
    found = spans_of(changes, lives_of(runs, PERIOD.until_s), PERIOD)
    return {
        part: [(one.state, one.from_s - NOON_S, one.until_s - NOON_S) for one in those] for part, those in found.items()
    }


def test_a_state_lasts_until_the_next_or_the_end_of_the_life():
    """And never through a gap; the first states of a life are told a moment before it begins."""
    runs = [a_run(1, 0, 1000, stopped=True), a_run(2, 2000, 3000, stopped=True)]
    changes = [a_change(-1, "mqtt", "ok"), a_change(500, "mqtt", "failing"), a_change(1999, "mqtt", "starting")]
    assert spans([*changes, a_change(2100, "mqtt", "ok")], *runs) == {
        "mqtt": [("ok", 0, 500), ("failing", 500, 1000), ("starting", 2000, 2100), ("ok", 2100, 3000)]
    }


def test_what_was_before_the_period_lasts_into_it():
    """As long as it is the same life."""
    run = a_run(1, -1000, DAY_S, stopped=True)
    assert spans([a_change(-500, "mqtt", "degraded")], run) == {"mqtt": [("degraded", 0, DAY_S)]}
    earlier = [a_run(1, -1000, -400, stopped=True), a_run(2, -300, DAY_S, stopped=True)]
    assert spans([a_change(-500, "mqtt", "degraded")], *earlier) == {}


def test_the_last_word_of_a_life_that_was_cut_short_counts():
    """It was written after edged was last said to be alive; a part that is gone has no state."""
    run = a_run(1, 0, 1000)
    changes = [a_change(0, "mqtt", "ok"), a_change(1030, "mqtt", "failing"), a_change(900, "camera", "gone")]
    found = spans([*changes, a_change(10, "camera", "ok"), a_change(1040, "box", "ok")], run, a_run(2, 5000, 6000))
    assert found == {"mqtt": [("ok", 0, 1030), ("failing", 1030, 1040)], "camera": [("ok", 10, 900)]}


def test_the_box_comes_first():
    """Then the parts by name."""
    changes = [a_change(0, part, "ok") for part in ("mqtt", "box", "clips")]
    assert list(spans(changes, a_run(1, 0, DAY_S))) == ["box", "clips", "mqtt"]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, DAY_S), st.sampled_from(["ok", "degraded", "failing", "odd"])), max_size=30))
def test_spans_lie_one_after_the_other(changes):
    """None overlaps another, none leaves the life."""
    found = spans([a_change(at_s, "mqtt", state) for at_s, state in changes], a_run(1, 100, 50_000, stopped=True))
    for (_, from_s, until_s), (_, later_s, _) in pairwise(found.get("mqtt", [])):
        assert 100 <= from_s < until_s <= later_s <= 50_000


def test_a_flapping_part_is_drawn_coarsely_and_its_worst_is_seen():
    """No more boxes than cells; a single failure among thousands of changes shows."""
    changes = [a_change(number * 20, "mqtt", "degraded" if number % 2 else "ok") for number in range(4000)]
    changes.append(a_change(40_001, "mqtt", "failing", "broker gone"))
    found = spans_of(changes, lives_of([a_run(1, 0, DAY_S)], PERIOD.until_s), PERIOD)["mqtt"]
    assert len(found) > MOST_SPANS
    drawn = coarse(found, PERIOD)
    assert len(drawn) <= CELLS
    (failing,) = [one for one in drawn if one.state == "failing"]
    assert failing.from_s <= NOON_S + 40_001 <= failing.until_s
    assert failing.reason == "broker gone"
    assert coarse(found[:5], PERIOD) == found[:5]
    assert 0 < well_share(found) < 1
    assert well_share([]) == 0


def test_coarse_spans_leave_holes_where_nothing_is_known():
    """They do not reach over the time between two lives."""
    changes = [a_change(number * 10, "mqtt", "degraded" if number % 2 else "ok") for number in range(1000)]
    changes += [a_change(60_000 + number, "mqtt", "degraded" if number % 2 else "ok") for number in range(100)]
    lives = lives_of([a_run(1, 0, 10_000, stopped=True), a_run(2, 59_999, DAY_S)], PERIOD.until_s)
    drawn = coarse(spans_of(changes, lives, PERIOD)["mqtt"], PERIOD)
    assert not any(one.from_s < NOON_S + 30_000 < one.until_s for one in drawn)
    assert len(drawn) >= 2
