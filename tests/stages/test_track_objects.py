"""TrackObjects: the same number for the same object, its label by vote, and its loss when it was looked for."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.messages.objects import LostObject, TrackedObject
from edged.stages.track_objects import ObjectTrackingConfig, TrackObjects, winner
from tests.objects import a_sighting, seen

FRAME_S = 0.1
sightings = st.builds(
    a_sighting,
    st.floats(0, 500),
    st.floats(0, 300),
    st.floats(10, 200),
    st.sampled_from(["person", "dog", "car"]),
    st.floats(0.3, 1),
    sure=st.booleans(),
)


def follow(stage, *frames, first_s=0.0):
    return [list(stage(seen(first_s + n * FRAME_S, *found))) for n, found in enumerate(frames)]


def numbers(frames):
    return [[item.track for item in frame if isinstance(item, TrackedObject)] for frame in frames]


def test_an_object_that_moves_keeps_its_number():
    """Two people walk past one another, and a dog with one of them."""
    stage = TrackObjects(ObjectTrackingConfig())
    frames = [
        [a_sighting(50 + 10 * n), a_sighting(400 - 10 * n, 250), a_sighting(90 + 10 * n, 150, 60, "dog")]
        for n in range(20)
    ]
    assert numbers(follow(stage, *frames)) == [[1, 2, 3]] * 20


def test_another_label_at_its_side_is_another_object():
    """The dog that is there when the person is hidden is not the person; alone at the place it is what was there."""
    stage = TrackObjects(ObjectTrackingConfig(reach=0.8))
    follow(stage, [a_sighting()])
    beside = follow(stage, [a_sighting(150, label="dog")], first_s=0.1)
    assert numbers(beside) == [[2]]
    there = follow(stage, [a_sighting(label="dog", score=0.3, sure=False)], first_s=0.2)
    assert [(item.track, item.label) for item in there[0]] == [(1, "person")]


def test_only_what_is_sure_begins_a_track():
    """What is not only keeps one on, where no sure one does."""
    stage = TrackObjects(ObjectTrackingConfig())
    weak, strong = a_sighting(score=0.35, sure=False), a_sighting(score=0.9)
    frames = follow(stage, [weak], [strong], [weak], [weak, a_sighting(102)])
    assert numbers(frames) == [[], [1], [1], [1]]
    assert frames[3][0].sighting.sure


def test_a_label_is_voted_for():
    """One look that says otherwise does not change it; many do, and not back and forth."""
    stage = TrackObjects(ObjectTrackingConfig(votes=5))
    told = ["car", "truck", "car", "truck", "truck", "truck", "truck", "car", "truck"]
    frames = follow(stage, *[[a_sighting(label=label)] for label in told])
    assert [frame[-1].label for frame in frames] == ["car"] * 5 + ["truck"] * 4
    votes = deque([("car", 0.9), ("truck", 0.5), ("truck", 0.5)])
    assert winner(votes, "car") == "car"
    assert winner(votes, "boat") == "truck"


def test_an_object_is_lost_when_it_was_looked_for_in_vain_for_long_enough():
    """From the first look that missed it; then it is a new one."""
    stage = TrackObjects(ObjectTrackingConfig(lost_s=0.3))
    frames = follow(stage, [a_sighting()], [], [], [a_sighting()], [], [], [], [])
    assert numbers(frames) == [[1], [], [], [1], [], [], [], []]
    assert frames[-1] == [LostObject(1, pytest.approx(0.7))]
    assert numbers(follow(stage, [a_sighting()], first_s=0.8)) == [[2]]


def test_what_nobody_looked_for_is_not_lost():
    """The motion gate was closed for an hour: what stood there still does."""
    stage = TrackObjects(ObjectTrackingConfig(lost_s=0.3))
    follow(stage, [a_sighting()])
    assert numbers(follow(stage, [a_sighting()], first_s=3600)) == [[1]]
    assert follow(stage, [], [], first_s=7200) == [[], []]
    assert numbers(follow(stage, [a_sighting()], first_s=7200.2)) == [[1]]


def test_what_moved_of_late_or_is_missed_keeps_the_gate_open():
    """And what stands still, trembling as boxes do, no longer."""
    stage = TrackObjects(ObjectTrackingConfig(still_s=1.0, lost_s=0.5))
    assert not stage.restless(0.0)
    follow(stage, *[[a_sighting(100 + n % 2)] for n in range(15)])
    assert stage.restless(0.9)
    assert not stage.restless(1.5)
    follow(stage, [], first_s=5.0)
    assert stage.restless(5.1)
    follow(stage, [a_sighting(100)], first_s=5.2)
    assert not stage.restless(5.3)
    follow(stage, *[[a_sighting(150)]] * 15, first_s=5.4)
    assert stage.restless(6.3)
    assert not stage.restless(6.8)


def test_what_creeps_away_moves():
    """A little each time is far in the end."""
    stage = TrackObjects(ObjectTrackingConfig(still_s=1.0))
    follow(stage, *[[a_sighting(100 + n)] for n in range(100)])
    assert stage.restless(10.0)


def test_after_the_end_of_a_stream_all_is_new():
    """Numbers go on counting."""
    stage = TrackObjects(ObjectTrackingConfig())
    follow(stage, [a_sighting()])
    assert list(stage.finish()) == []
    assert numbers(follow(stage, [a_sighting()])) == [[2]]


@settings(max_examples=50)
@given(st.lists(st.lists(sightings, max_size=6), max_size=25), st.integers(1, 4))
def test_any_frames_give_each_object_once_and_each_lost_one_was_there(frames, most):
    """Never two of a number in one frame, never more than ``max_tracks``; lost ones are lost once and stay so."""
    stage, known, gone = TrackObjects(ObjectTrackingConfig(max_tracks=most, lost_s=0.25)), set(), set()
    for items in follow(stage, *frames):
        here = [item.track for item in items if isinstance(item, TrackedObject)]
        left = [item.track for item in items if isinstance(item, LostObject)]
        assert len(set(here)) == len(here) <= most
        assert set(left) <= known - gone
        gone |= set(left)
        assert not gone & set(here)
        known |= set(here)
        assert len(known - gone) <= most
