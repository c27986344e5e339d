"""SmoothScores: from scores to events, with hysteresis, minimum times and honest confidence."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.messages.event import ModelUse, Phase
from edged.messages.sound import Harmonics, KnownWindow, ScoredWindow, Span
from edged.stages.smooth_scores import SmoothingConfig, SmoothScores

HOP_S = 0.25
CONFIG = SmoothingConfig(
    labels=("one", "two"), threshold=0.7, sure=1.0, votes=3, vote_s=1.6, release=0.4, min_on_s=1.0, min_off_s=2.0,
    refractory_s=1.0, update_s=5.0,
)  # fmt: skip


def window(number: int, **scores: float) -> KnownWindow:
    rest = 1.0 - sum(scores.values())
    full = {"background": rest, "one": 0.0, "two": 0.0, **scores}
    span = Span(number * HOP_S, number * HOP_S + 1.0, 1000.0)
    scored = ScoredWindow(full, np.zeros(2, np.float32), ModelUse("m", "0", "cpu"), Harmonics(100.0, 5, 9.0), span)
    return KnownWindow(scored, {"distance": 1.0 + number})


def smooth(config: SmoothingConfig = CONFIG) -> SmoothScores:
    ids = itertools.count()
    return SmoothScores(config, "test", new_id=lambda _: f"id{next(ids)}")


def events_of(stage, windows):
    return [event for item in windows for event in stage(item)]


def heard(stage, count, first=0, **scores):
    return events_of(stage, (window(n, **scores) for n in range(first, first + count)))


def test_an_event_starts_with_the_third_vote_and_begins_with_the_first():
    """Three windows over the threshold; ``observed_s`` is when edged was sure, ``start_s`` where it began."""
    (event,) = heard(smooth(), 3, one=0.9)
    assert (event.phase, event.label, event.pipeline, event.id) == (Phase.START, "one", "test", "id0")
    assert (event.start_s, event.observed_s, event.end_s) == (0.0, 1.5, 1.5)
    assert event.confidence == pytest.approx(0.9)
    assert event.epoch_s == 1000.0


def test_two_votes_are_not_enough():
    """A short flicker makes no event."""
    stage = smooth()
    assert heard(stage, 2, one=0.99) + heard(stage, 20, first=2) + list(stage.finish()) == []


def test_windows_that_are_sure_count_for_more():
    """Two sure windows outvote what takes five others; a fleeting one alone does not."""
    config = CONFIG.model_copy(update={"sure": 0.96, "sure_votes": 2.5, "votes": 5, "vote_s": 2.1})
    assert [event.observed_s for event in heard(smooth(config), 5, one=0.9)] == [2.0]
    assert [event.observed_s for event in heard(smooth(config), 5, one=0.97)] == [1.25]
    assert heard(smooth(config), 1, one=0.99) == []


def test_votes_far_apart_do_not_add_up():
    """Only votes within ``vote_s`` count."""
    stage = smooth()
    scores = [0.9 if n % 4 == 0 else 0.0 for n in range(40)]
    assert events_of(stage, (window(n, one=score) for n, score in enumerate(scores))) == []


def test_hysteresis_keeps_an_event_on_below_the_threshold():
    """Between release and threshold nothing starts, and nothing ends."""
    assert heard(smooth(), 40, one=0.5) == []
    stage = smooth()
    heard(stage, 3, one=0.9)
    assert {event.phase for event in heard(stage, 40, first=3, one=0.5)} == {Phase.UPDATE}


def test_an_event_ends_when_nothing_has_kept_it_on_for_a_while():
    """``end`` comes ``min_off_s`` after the last window that showed it, and ends where that window ended."""
    stage = smooth()
    heard(stage, 5, one=0.9)
    (event,) = heard(stage, 20, first=5)
    assert (event.phase, event.end_s, event.observed_s) == (Phase.END, 2.0, 4.0)
    assert event.confidence == pytest.approx(0.9)


def test_windows_that_the_gate_spared_end_an_event_all_the_same():
    """No windows come, only time: the watermark ends it."""
    stage = smooth()
    heard(stage, 5, one=0.9)
    assert list(stage.advance(3.9)) == []
    (event,) = stage.advance(4.0)
    assert (event.phase, event.end_s) == (Phase.END, 2.0)


def test_a_lost_source_ends_the_event():
    """``finish`` ends what is on, where it was last shown."""
    stage = smooth()
    heard(stage, 5, one=0.9)
    (event,) = stage.finish()
    assert (event.phase, event.end_s) == (Phase.END, 2.0)
    assert list(stage.finish()) == []


def test_updates_are_periodic():
    """One every ``update_s`` while the event is on."""
    stage = smooth()
    heard(stage, 3, one=0.9)
    updates = heard(stage, 60, first=3, one=0.9)
    assert [event.observed_s for event in updates] == [6.5, 11.5, 16.5]
    assert {event.phase for event in updates} == {Phase.UPDATE}


def test_confidence_is_of_the_state_that_is_reported():
    """One is held, the last five windows are two at 0.65, under the threshold: still one, with one's score."""
    stage = smooth(CONFIG.model_copy(update={"update_s": 0.01}))
    heard(stage, 8, one=0.9)
    later = heard(stage, 5, first=8, one=0.3, two=0.65)
    assert [event.label for event in later] == ["one"] * 5
    assert {event.phase for event in later} == {Phase.UPDATE}
    assert later[-1].confidence == pytest.approx((2 * 0.9 + 5 * 0.3) / 7)  # one's, over the last 1.6 s


def test_another_label_takes_over_with_an_end_and_a_start():
    """Two with enough votes ends one and starts a new event."""
    stage = smooth()
    heard(stage, 8, one=0.9)
    changed = heard(stage, 8, first=8, two=0.9)
    assert [(event.phase, event.label) for event in changed] == [(Phase.END, "one"), (Phase.START, "two")]
    assert changed[0].id != changed[1].id


def test_after_its_end_a_label_rests():
    """The refractory period holds back the next start."""
    stage = smooth(CONFIG.model_copy(update={"refractory_s": 10.0}))
    heard(stage, 5, one=0.9)
    heard(stage, 12, first=5)
    restarted = [event for event in heard(stage, 60, first=17, one=0.9) if event.phase is Phase.START]
    assert [event.observed_s for event in restarted] == [14.0]


def test_evidence_is_of_the_best_window():
    """The event explains itself by the window that showed it best, and counts its windows."""
    stage = smooth()
    scores = [0.8, 0.95, 0.9]
    (event,) = events_of(stage, (window(n, one=score) for n, score in enumerate(scores)))
    assert event.evidence == {"distance": 2.0, "windows": 3}


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.booleans()), max_size=120))
def test_any_scores_make_well_formed_events(scores):
    """Start, updates, end, in turn, one event at a time, times in order, confidence in [0, 1]."""
    stage, events = smooth(), []
    for number, (one, two, spared) in enumerate(scores):
        if spared:
            events += stage.advance(number * HOP_S + 1.0)
        else:
            total = max(1.0, one + two)
            events += stage(window(number, one=one / total, two=two / total))
    events += stage.finish()
    held = None
    for event in events:
        assert 0 <= event.confidence <= 1
        assert event.start_s < event.end_s <= event.observed_s
        assert (held is None) == (event.phase is Phase.START)
        assert held in {None, event.id}
        if event.phase is Phase.END:
            assert event.observed_s - event.start_s >= CONFIG.min_on_s
        held = None if event.phase is Phase.END else event.id
    assert held is None
    assert [event.observed_s for event in events] == sorted(event.observed_s for event in events)


def test_release_above_threshold_is_refused():
    """Hysteresis the wrong way round is a fault of the configuration, and so is being sure below the threshold."""
    with pytest.raises(ValidationError, match="must not be above threshold"):
        SmoothingConfig(threshold=0.5, release=0.6)
    with pytest.raises(ValidationError, match="must not be below threshold"):
        SmoothingConfig(threshold=0.7, sure=0.6)
