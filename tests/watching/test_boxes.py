"""What is known of boxes: from valid messages the truth, from anything else no harm."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.watching.box import MOST_PARTS, Presence
from edged.watching.boxes import MOST_BOXES, MOST_EVENTS, Boxes
from tests.watching import telling
from tests.watching.telling import NOW_S


class Watched:
    """Boxes, and how one of them is."""

    def __init__(self):
        self.boxes = Boxes("edged")

    def take(self, topic, payload, at_s=NOW_S, *, retained=False):
        return self.boxes.take(f"edged/{topic}", payload, at_s, retained=retained)

    @property
    def box(self):
        return next(iter(self.boxes))

    def presence(self, now_s):
        return self.boxes.presence(self.box, now_s)


@pytest.fixture
def watched():
    return Watched()


def test_a_box_is_online_as_long_as_its_health_keeps_coming_and_silent_after_three_intervals(watched):
    """`online` alone is not believed for ever; the next health sets it right."""
    watched.take("yard/state", telling.state())
    assert watched.presence(NOW_S + 1000) is Presence.ONLINE  # no health yet, nothing to be late
    watched.take("yard/health", telling.health())
    assert watched.presence(NOW_S + 89) is Presence.ONLINE
    assert watched.presence(NOW_S + 91) is Presence.SILENT
    assert watched.box.since_s(Presence.SILENT) == NOW_S
    watched.take("yard/health", telling.health(NOW_S + 95), NOW_S + 95)
    assert watched.presence(NOW_S + 100) is Presence.ONLINE


def test_retained_health_is_as_old_as_it_says_unless_its_clock_cannot_be_trusted(watched):
    """Who begins to watch sees at once that a box has been silent for an hour."""
    watched.take("yard/state", telling.state(), retained=True)
    watched.take("yard/health", telling.health(NOW_S - 3600), retained=True)
    assert watched.presence(NOW_S) is Presence.SILENT
    watched.take("yard/health", telling.health(0, clock_synchronised=False), retained=True)
    assert watched.presence(NOW_S) is Presence.ONLINE


def test_a_health_that_is_heard_again_after_a_reconnection_is_no_younger_for_it(watched):
    """The broker repeats what it retained; live news counts from when it came, whatever the box's clock says."""
    watched.take("yard/state", telling.state())
    watched.take("yard/health", telling.health(NOW_S + 1e6), NOW_S)
    watched.take("yard/health", telling.health(NOW_S + 1e6), NOW_S + 80, retained=True)
    assert watched.presence(NOW_S + 91) is Presence.SILENT


def test_since_when_a_box_is_gone_is_known_when_it_was_seen_to_go(watched):
    """From the change itself; for one that was gone before, from its last health."""
    watched.take("yard/health", telling.health(NOW_S - 500), retained=True)
    watched.take("yard/state", telling.state("offline"), retained=True)
    assert watched.box.since_s(watched.presence(NOW_S)) == NOW_S - 500
    watched.take("yard/state", telling.state("online"), NOW_S + 1)
    watched.take("yard/state", telling.state("offline"), NOW_S + 7)
    watched.take("yard/state", telling.state("offline"), NOW_S + 70, retained=True)
    assert watched.box.since_s(watched.presence(NOW_S)) == NOW_S + 7


def test_scores_of_late_are_kept_by_pipeline_and_history_is_none_of_them(watched):
    """The sparkline shows what is now."""
    for seq in range(1, 40):
        watched.take("yard/event/drones", telling.event(seq, phase="update", confidence=seq / 100))
    watched.take("yard/event/drones", telling.event(50, "OLD", confidence=1.0, delayed=True))
    assert list(watched.box.scores["drones"]) == [seq / 100 for seq in range(24, 40)]


def test_the_latest_word_on_each_event_is_kept_and_a_duplicate_is_no_news(watched):
    """In the order in which the events were first seen; late history does not take the place of later news."""
    assert watched.take("yard/event/drones", telling.event(1, "A")).told.seq == 1
    assert watched.take("yard/event/drones", telling.event(3, "B"))
    assert watched.take("yard/event/drones", telling.event(5, "A", "end"))
    assert watched.take("yard/event/drones", telling.event(5, "A", "end")) is None
    assert watched.take("yard/event/drones", telling.event(4, "A", "update", delayed=True)).told.seq == 4
    assert [(one.message.id, one.message.seq) for one in watched.boxes.events] == [("B", 3), ("A", 5)]


def test_a_retained_topic_that_is_cleared_is_forgotten(watched):
    """An empty payload means that it is not there any longer."""
    watched.take("yard/state", telling.state())
    watched.take("yard/active/drones", telling.active(telling.event_message()))
    watched.take("yard/availability/roof", b"online")
    for topic in ("state", "active/drones", "availability/roof"):
        watched.take(f"yard/{topic}", b"")
    assert watched.presence(NOW_S) is Presence.UNKNOWN
    assert (watched.box.active, watched.box.availability, watched.box.unreadable) == ({}, {}, 0)


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("state", b"online", "state: not JSON"),
        ("health", b"{}", "health: state: Field required"),
        ("event/drones", b"[" * 100_000, "event/drones: not JSON"),
        ("availability/roof", b"maybe", "availability/roof: neither online nor offline"),
        ("gap", b'{"schema_version": 2}', "gap: schema version 2, known is 1"),
    ],
)
def test_what_cannot_be_read_is_counted_with_its_reason_and_changes_nothing(watched, topic, payload, reason):
    """Rubbish, and the words of another version."""
    watched.take("yard/state", telling.state())
    assert watched.take(f"yard/{topic}", payload) is None
    assert (watched.box.unreadable, watched.box.last_unreadable) == (1, reason)
    assert watched.presence(NOW_S) is Presence.ONLINE


def test_keys_that_a_newer_box_added_are_passed_over(watched):
    """At any depth; the rest counts."""
    content = json.loads(telling.active(telling.event_message()))
    content["mood"] = content["events"][0]["model"]["colour"] = "blue"
    watched.take("yard/active/drones", json.dumps(content).encode())
    assert watched.box.unreadable == 0
    assert [one.label for one in watched.box.active["drones"]] == ["drone"]


def test_everything_that_is_kept_has_a_limit(watched):
    """Boxes, events and parts; those that were there first stay."""
    for number in range(MOST_BOXES + 50):
        watched.take(f"box{number:03}/state", telling.state())
    for number in range(MOST_EVENTS + 50):
        watched.take("box000/event/drones", telling.event(number, f"E{number}"))
    for number in range(MOST_PARTS + 50):
        watched.take(f"box000/availability/part{number}", b"online")
        watched.take(f"box000/event/pipeline{number}", telling.event(number + 1000))
    assert len(watched.boxes) == MOST_BOXES
    assert watched.boxes.turned_away == 50
    assert len(watched.boxes.events) == MOST_EVENTS
    assert len(watched.box.availability) == len(watched.box.scores) == MOST_PARTS


def test_a_base_topic_may_have_several_parts_and_what_is_not_below_it_is_none_of_ours():
    """`farm/edged/yard/state` is the box `yard`; commands and unknown kinds make no box."""
    boxes = Boxes("farm/edged")
    for topic in ("edged/x/state", "farm/edged/", "farm/edged/x", "farm/edged/x/request/ping", "farm/edgedx/y/state"):
        boxes.take(topic, telling.state(), NOW_S, retained=False)
    assert len(boxes) == 0
    boxes.take("farm/edged/yard/state", telling.state(), NOW_S, retained=False)
    assert [box.device for box in boxes] == ["yard"]


KINDS = ("state", "info", "health", "availability", "event", "active", "gap", "response", "")
VALID = (
    telling.state(),
    telling.state("offline"),
    telling.info(),
    telling.health(),
    telling.event(),
    telling.event(2, phase="end"),
    telling.active(telling.event_message()),
    telling.gap(),
    b"online",
    b"",
)
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(("a", "b", "c")),
        st.sampled_from(KINDS),
        st.sampled_from(("", "drones", "x/y", "\x1b[2J")),
        st.sampled_from(VALID) | st.binary(max_size=50),
        st.floats(-1e18, 1e18),
        st.booleans(),
    ),
    max_size=25,
)


@given(MESSAGES)
def test_any_messages_in_any_order_leave_every_box_with_a_presence(messages):
    """Nothing raises, and only what came and could not be read is counted as unreadable."""
    boxes, came = Boxes("edged"), Counter()
    for device, kind, part, payload, at_s, retained in messages:
        boxes.take(f"edged/{device}/{kind}/{part}", payload, at_s, retained=retained)
        came[device] += 1
    for box in boxes:
        assert boxes.presence(box, NOW_S) in Presence
        assert 0 <= box.unreadable <= came[box.device]


@given(st.text(max_size=30), st.binary(max_size=100))
def test_any_bytes_on_any_topic_do_no_harm(topic, payload):
    """It is passed over or unreadable."""
    boxes = Boxes("edged")
    for name in (
        topic,
        f"edged/{topic}",
        f"edged/x/{topic}",
        f"edged/x/event/{topic}",
        f"edged/x/availability/{topic}",
    ):
        boxes.take(name, payload, NOW_S, retained=False)
    assert len(boxes) <= 3
