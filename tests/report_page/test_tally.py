"""Tally: events, counted."""

import math

from hypothesis import given
from hypothesis import strategies as st

from edged.errors import EdgedError
from edged.report_page.tally import (
    MOST_KINDS,
    MOST_LATENCIES,
    MOST_LISTED,
    MOST_STEPS,
    OTHERS,
    SCORE_BINS,
    Kind,
    Step,
    Tally,
    quantile,
)
from tests.report_page.made import PERIOD, a_record, said


def tally(records, feedback=None):
    counted = Tally(PERIOD, (feedback or {}).get)
    counted.add_all(records)
    return counted


def test_events_are_counted_by_pipeline_time_and_score():
    """Each once in each of them."""
    found = tally([a_record(1), a_record(2, 1000.0, confidence=1.0), a_record(3, pipeline="yard", label="cat")])
    assert found.total == 3
    assert {name: counts.total() for name, counts in found.over_time.items()} == {"drones": 2, "yard": 1}
    assert {name: counts.total() for name, counts in found.by_hour.items()} == {"drones": 2, "yard": 1}
    assert len(found.over_time["drones"]) == 2
    assert found.scores[Kind("drones", "drone")].bins[None] == {18: 1, SCORE_BINS - 1: 1}
    assert found.pipelines() == ["drones", "yard"]


def test_feedback_is_told_apart():
    """What false alarms were is counted by people's words, or as not said."""
    events = [a_record(number) for number in range(5)]
    words = [said("correct"), said("false_alarm", "mower"), said("false_alarm"), said("false_alarm", "mower")]
    found = tally(events, {event.id: word for event, word in zip(events[:4], words, strict=True)})
    scores = found.scores[Kind("drones", "drone")]
    assert (scores.judged("correct"), scores.judged("false_alarm"), scores.judged(None), scores.total) == (1, 3, 1, 5)
    assert scores.really == {"mower": 2, "": 1}


def test_feedback_that_cannot_be_read_costs_no_event():
    """It is counted, and why."""

    def damaged(event):
        raise EdgedError(f"event {event}: feedback.json is damaged")

    found = Tally(PERIOD, damaged)
    found.add(a_record(7))
    assert (found.total, found.unreadable) == (1, 1)
    assert found.why.endswith("7: feedback.json is damaged")


def test_nothing_grows_without_bound():
    """Labels, steps, latencies and listed events have a limit each; what goes over it still counts as an event."""
    found = tally(
        a_record(number, label=f"l{number}", latency_ms={f"step{number}": 1.0, "total": float(number)})
        for number in range(MOST_LATENCIES + 100)
    )
    assert found.total == MOST_LATENCIES + 100
    assert len(found.scores) == MOST_KINDS + 1
    assert found.scores[Kind("drones", OTHERS)].total == found.total - MOST_KINDS
    assert len(found.latencies_ms) == MOST_STEPS
    assert len(found.latencies_ms[Step("drones", "total")]) == MOST_LATENCIES
    assert [one.record.label for one in found.last][-1] == f"l{found.total - 1}"
    assert len(found.last) == MOST_LISTED
    many = tally(a_record(number, pipeline=f"p{number}") for number in range(MOST_KINDS + 50))
    assert len(many.over_time) == MOST_KINDS + 1
    words = {a_record(number).id: said("false_alarm", f"w{number}") for number in range(MOST_KINDS + 50)}
    really = (
        tally((a_record(number) for number in range(MOST_KINDS + 50)), words).scores[Kind("drones", "drone")].really
    )
    assert (len(really), really[OTHERS]) == (MOST_KINDS + 1, 50)


def test_odd_figures_are_no_obstacle():
    """A score or a latency that is no number, and a clock that was wrong."""
    found = tally([a_record(confidence=math.nan, latency_ms={"total": math.inf}, clock="unsynchronised")])
    assert (found.total, found.clock_wrong, found.latencies_ms) == (1, 1, {})


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_one_of_the_values(values, share):
    """And so large a share of them does not exceed it."""
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
