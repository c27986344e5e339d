"""SmoothObjects: from looks at objects to events about them."""

import itertools
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.event import Phase
from edged.messages.wire import event_message
from edged.pipelines.objects import MOST_ZONES
from edged.stages.smooth_objects import ObjectEventsConfig, SmoothObjects
from edged.way import MOST_POINTS
from tests.objects import EPOCH_S, lost, placed

IDS = "01KA{:022d}"
LONGEST = tuple(str(n) * 40 for n in range(MOST_ZONES))


def a_stage(**config):
    ids = itertools.count()
    return SmoothObjects(ObjectEventsConfig(**config), "yard", lambda _: IDS.format(next(ids)))


def run(stage, *items):
    return [event for item in items for event in stage(item)]


def told(events):
    return [(round(event.observed_s, 1), event.phase.value) for event in events]


def looks(count, first_s=0.0, **it):
    return [placed(first_s + n / 10, **it) for n in range(count)]


def test_an_object_has_one_event_from_its_appearance_to_its_loss():
    """Begun by enough looks, updated now and then; its end is when it was last seen."""
    events = run(a_stage(update_s=1.0), *looks(25), lost(4.5))
    assert told(events) == [(0.2, "start"), (1.2, "update"), (2.2, "update"), (4.5, "end")]
    assert len({event.id for event in events}) == 1
    assert {(event.start_s, event.label, event.pipeline, event.subject) for event in events} == {
        (0.0, "person", "yard", None)
    }
    end = events[-1]
    assert end.end_s == pytest.approx(2.4)
    assert end.evidence["dwell_s"] == pytest.approx(2.4)
    assert (end.evidence["track"], end.evidence["frames"]) == (1, 25)


def test_a_few_looks_or_unsure_ones_are_no_event():
    """However many of the latter; and their loss is nobody's business."""
    stage = a_stage(frames=3)
    assert run(stage, *looks(2), lost(1.0)) == []
    assert run(stage, *looks(50, sure=False), lost(6.0)) == []
    assert told(run(stage, *looks(2), *looks(3, 0.2, sure=False), *looks(1, 0.5))) == [(0.5, "start")]


def test_going_into_a_zone_or_out_is_said_at_once():
    """With the zones that it is in now, and how long it was in each so far."""
    inside = [placed(0.3, ("gate",), entered=True), *(placed(0.4 + n / 10, ("gate",)) for n in range(10))]
    events = run(a_stage(), *looks(3), *inside, placed(1.4, left=True), placed(1.5), lost(4.0))
    assert told(events) == [(0.2, "start"), (0.3, "update"), (1.4, "update"), (4.0, "end")]
    assert [event.zones for event in events] == [(), ("gate",), (), ()]
    assert [event.evidence.get("zone_gate_s") for event in events] == [None, 0, *[pytest.approx(1.0)] * 2]


def test_where_zones_alone_matter_an_event_lasts_as_long_as_the_stay():
    """And a little longer, so that a step outside does not end it; each stay is another event."""
    stage = a_stage(only_in_zones=True, min_off_s=1.0)
    there = [placed(1.0 + n / 10, ("gate",), entered=n == 0) for n in range(5)]
    step_out = [placed(1.5, left=True), placed(1.6), placed(1.7, ("gate",), entered=True)]
    events = run(stage, *looks(10), *there, *step_out, *(placed(1.8 + n / 10, left=n == 0) for n in range(20)))
    assert told(events) == [(1.0, "start"), (1.5, "update"), (1.7, "update"), (1.8, "update"), (2.7, "end")]
    again = run(stage, *(placed(5.0 + n / 10, ("gate",), entered=n == 0) for n in range(5)))
    assert [event.phase for event in again] == [Phase.START]
    assert again[0].id != events[0].id


def test_an_event_never_changes_its_label():
    """What is taken for something else after all has another event, with looks of its own."""
    stage = a_stage(frames=2)
    events = run(stage, *looks(4, label="car"), *looks(4, 0.4, label="truck"), lost(3.0))
    assert [(event.phase.value, event.label, event.id[-1]) for event in events] == [
        ("start", "car", "0"),
        ("end", "car", "0"),
        ("start", "truck", "1"),
        ("end", "truck", "1"),
    ]
    assert events[2].start_s == pytest.approx(0.4)


def test_confidence_is_of_late_and_at_the_end_of_all():
    """Of the looks that say what the event says."""
    items = [*looks(3, score=0.6), *looks(10, 0.3, score=0.9)]
    start, update, end = run(a_stage(update_s=1.0), *items, lost(9.0))
    assert start.confidence == pytest.approx(0.6)
    assert update.confidence == pytest.approx(0.9)
    assert end.confidence == pytest.approx((3 * 0.6 + 10 * 0.9) / 13)
    assert end.evidence["score"] == pytest.approx(0.9)


def test_the_way_and_the_place_are_told_in_shares_of_the_picture():
    """Of the middle of the lower edge; and the box as the model was surest of it."""
    items = [placed(n / 10, x=40 * n, y=100, score=0.9 if n == 5 else 0.7) for n in range(10)]
    end = run(a_stage(), *items, lost(5.0))[-1]
    assert (end.path[0], end.path[-1]) == ((0.0, 40 / 640, 180 / 480), (pytest.approx(0.9), 400 / 640, 180 / 480))
    assert end.evidence["moved"] == pytest.approx(360 / 640)
    edges = [end.evidence[edge] for edge in ("left", "top", "right", "bottom")]
    assert edges == pytest.approx([200 / 640, 100 / 480, 280 / 640, 180 / 480])


def test_the_end_of_a_stream_ends_what_is_on():
    """And what comes next has no history."""
    stage = a_stage()
    run(stage, *looks(5))
    assert told(stage.finish()) == [(0.4, "end")]
    assert list(stage.finish()) == []
    assert run(stage, *looks(2, 1.0)) == []


steps = st.tuples(
    st.integers(1, 3),
    st.sampled_from(["look", "look", "unsure", "lost"]),
    st.booleans(),
    st.sampled_from(["dog", "cat"]),
)


@given(st.lists(steps, max_size=60), st.booleans(), st.integers(1, 3))
def test_any_looks_make_events_that_begin_once_and_end_once(story, only_in_zones, frames):
    """Start, updates, end, in this order, of one label; never two of an object at a time; all ended by the end."""
    stage, inside, items = a_stage(only_in_zones=only_in_zones, min_off_s=0.2, frames=frames), {}, []
    for n, (track, kind, zone, label) in enumerate(story):
        if kind == "lost":
            inside.pop(track, None)
            items.append(lost(n / 10, track))
            continue
        before = inside.get(track, False)
        inside[track] = zone
        change = {"entered": zone and not before, "left": before and not zone}
        items.append(placed(n / 10, ("gate",) if zone else (), **change, track=track, label=label, sure=kind == "look"))
    events = [*run(stage, *items), *stage.finish()]
    on, over = {}, set()
    for event in events:
        track = event.evidence["track"]
        assert 0 <= event.confidence <= 1
        assert event.start_s <= event.end_s <= event.observed_s
        if event.phase is Phase.START:
            assert track not in on
            assert event.id not in over
            on[track] = event
        else:
            assert (on[track].id, on[track].label, on[track].start_s) == (event.id, event.label, event.start_s)
        if event.phase is Phase.END:
            over.add(on.pop(track).id)
    assert on == {}


def test_an_event_fits_in_two_kilobytes():
    """The longest that there may be: every zone, the longest names, a way of many turns, an unsynchronised clock."""
    ids = SmoothObjects(ObjectEventsConfig(update_s=1e9), "p" * 40)
    items = [placed(n * 1234.567, LONGEST, x=0.123, y=0.456, score=0.87654) for n in range(20)]
    event = [*run(ids, *items), *ids.finish()][-1]
    wire = event_message(event, 10**9, EPOCH_S + event.observed_s).model_dump(mode="json")
    model = {**wire["model"], "name": "m" * 40}
    clock = {"clock": "unsynchronised", "boot_id": str(uuid.UUID(int=0)), "monotonic_s": 12345678.123}
    steps_ms = {f"a_step_of_the_pipeline_{n}": 1234.567 for n in range(6)}
    way = {"zones": event.zones, "path": [[12345.6, 0.123, 0.456]] * MOST_POINTS}
    longest = {**wire, **clock, **way, "model": model, "latency_ms": steps_ms}
    assert set(wire["evidence"]) > {f"zone_{name}_s" for name in LONGEST}
    assert len(json.dumps(longest, separators=(",", ":"))) <= 2048
