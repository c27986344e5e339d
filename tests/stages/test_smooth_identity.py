"""SmoothIdentity: from looks at faces to events: a name, `unknown` or `spoof`; one a person, well formed."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.messages.event import Phase
from edged.messages.vision import Box, Face, Glimpse, Liveness, Verdict
from edged.recognition import cut_portrait
from edged.stages.smooth_identity import IdentityConfig, SmoothIdentity
from tests.faces import PICTURE, an_embedding, matched, refused, tracked

CONFIG = IdentityConfig(
    threshold=0.4, margin=0.1, release=0.25, frames=2, unknown_frames=3, spoof_frames=3, visit_s=60, min_on_s=1.0,
    min_off_s=2.0, refractory_s=1.0, update_s=5.0,
)  # fmt: skip
STEP_S = 0.1
ANA = (("ana", 0.7), ("ben", 0.1))
BEN = (("ben", 0.7), ("ana", 0.1))
NOBODY = (("ana", 0.1), ("ben", 0.05))
ALIKE = (("ana", 0.6), ("ben", 0.55))


def smooth(portrait_px=0, **changes):
    ids = itertools.count()
    config = CONFIG.model_copy(update=changes)
    return SmoothIdentity(config, "door", new_id=lambda _: f"id{next(ids)}", portrait_px=portrait_px)


def run(stage, items):
    return [event for item in items for event in stage(item)]


def looks(stage, count, nearest, first_s=0.0, track=1, embedding=None):
    return run(stage, (matched(first_s + n * STEP_S, nearest, track, embedding) for n in range(count)))


def glimpse(at_s, track=1):
    return Glimpse(track, at_s, 1_700_000_000.0)


def told(events):
    return [(event.phase.value, event.label) for event in events]


def test_a_person_is_named_when_enough_looks_agree():
    """The event begins with the first of them, names whom it is about, and explains itself."""
    (event,) = looks(smooth(), 2, ANA)
    assert (event.phase, event.label, event.subject) == (Phase.START, "Ana", "person:ana")
    assert (event.start_s, event.end_s, event.observed_s) == pytest.approx((0.0, 0.1, 0.1))
    assert event.confidence == pytest.approx(0.9975, abs=1e-3)
    assert event.model.name == "made_up"
    box = {"box_left": 100, "box_top": 100, "box_right": 180, "box_bottom": 180}
    size = {"frame_width": 640, "frame_height": 480}
    scores = {"similarity": 0.7, "margin": 0.6, "quality": 0.8, "frames": 2}
    assert event.evidence == pytest.approx({**scores, **box, **size})


def test_looks_that_disagree_name_nobody():
    """Alternating, too unlike, or two people as similar: nothing is claimed."""
    stage = smooth()
    assert run(stage, (matched(n * STEP_S, ANA if n % 2 else BEN) for n in range(20))) == []
    assert looks(smooth(), 20, ALIKE) == []
    assert told(looks(smooth(), 20, (("ana", 0.39),))) == [("start", "unknown")]


def test_nobody_in_the_gallery_is_an_answer():
    """`unknown` after more looks, with an anonymous id; also where the gallery is empty."""
    (event,) = looks(smooth(), 3, NOBODY)
    assert (event.phase, event.label, event.subject) == (Phase.START, "unknown", "stranger:id0")
    assert event.confidence > 0.99
    (event,) = looks(smooth(), 3, ())
    assert (event.label, event.confidence, "similarity" in event.evidence) == ("unknown", 1.0, False)


def test_who_was_named_stays_named_in_poorer_looks():
    """Down to the release level, even where another is a little more similar; below it, it is somebody else."""
    stage = smooth()
    looks(stage, 2, ANA)
    assert looks(stage, 10, (("ben", 0.35), ("ana", 0.3)), first_s=1) == []
    assert told(looks(stage, 3, NOBODY, first_s=2)) == [("end", "Ana"), ("start", "unknown")]


def test_glimpses_keep_an_event_on_and_its_end_comes_without_them():
    """``end`` comes ``min_off_s`` after the last glimpse, and ends there, however seldom one asks."""
    stage = smooth()
    looks(stage, 2, ANA)
    assert run(stage, (glimpse(1 + n * STEP_S) for n in range(30))) == []
    assert list(stage.advance(5.8)) == []
    (event,) = stage.advance(100.0)
    assert (event.phase, event.label) == (Phase.END, "Ana")
    assert (event.end_s, event.observed_s) == pytest.approx((3.9, 5.9))
    assert event.evidence["frames"] == 2


def test_two_tracks_of_a_person_are_one_event():
    """At the same time, or one lost and found again under another number."""
    stage = smooth()
    events = (
        looks(stage, 3, ANA) + looks(stage, 3, ANA, track=2, first_s=0.3) + looks(stage, 3, ANA, track=3, first_s=2)
    )
    assert told(events) == [("start", "Ana")]
    assert told(stage.finish()) == [("end", "Ana")]


def test_two_people_have_two_events():
    """Each with an id of its own, at the same time."""
    stage = smooth()
    events = [e for n in range(5) for t, who in ((1, ANA), (2, BEN)) for e in stage(matched(n * STEP_S, who, t))]
    assert told(events) == [("start", "Ana"), ("start", "Ben")]
    assert len({event.id for event in events}) == 2


def test_a_stranger_who_is_recognised_ends_as_unknown_and_starts_as_themselves():
    """An event never changes its label; ``min_on_s`` does not hold up a name."""
    stage = smooth()
    events = looks(stage, 3, NOBODY) + looks(stage, 2, ANA, first_s=0.3)
    assert told(events) == [("start", "unknown"), ("end", "unknown"), ("start", "Ana")]
    assert events[0].id == events[1].id != events[2].id


def test_a_stranger_keeps_one_id_within_a_visit():
    """By what they look like; another stranger has another; after ``visit_s`` it is forgotten."""
    stage = smooth()
    (first,) = looks(stage, 3, NOBODY, track=1, embedding=an_embedding(1))
    (again,) = looks(stage, 3, NOBODY, track=2, first_s=30, embedding=an_embedding(2, towards=1, near=0.8))[1:]
    (other,) = looks(stage, 3, NOBODY, track=3, first_s=31, embedding=an_embedding(3))
    later = looks(stage, 3, NOBODY, track=4, first_s=120, embedding=an_embedding(1))[-1]
    assert again.subject == first.subject
    assert again.id != first.id
    assert len({first.subject, other.subject, later.subject}) == 3


def test_a_stranger_who_stays_is_not_forgotten():
    """However long the visit, while they are seen now and then."""
    stage = smooth(visit_s=5.0)
    (first,) = looks(stage, 3, NOBODY)
    run(stage, (glimpse(0.3 + n) for n in range(100)))
    events = looks(stage, 3, NOBODY, track=2, first_s=100, embedding=an_embedding(1))
    assert {event.subject for event in events} <= {first.subject}
    assert not [event for event in events if event.phase is Phase.START]


def test_after_its_end_a_person_rests():
    """No second event within ``refractory_s``; then it starts as soon as they are looked at."""
    stage = smooth(refractory_s=10.0)
    looks(stage, 2, ANA)
    events = [e for e in looks(stage, 150, ANA, first_s=3, track=2) if e.phase is not Phase.UPDATE]
    assert told(events) == [("end", "Ana"), ("start", "Ana")]
    assert events[1].observed_s == pytest.approx(2.1 + 10, abs=0.11)


def test_a_picture_of_a_face_is_a_spoof():
    """After several looks, about nobody; being unsure is no accusation."""
    stage = smooth()
    assert run(stage, (refused(n * STEP_S, verdict=Verdict.UNSURE) for n in range(20))) == []
    (event,) = run(stage, (refused(2 + n * STEP_S) for n in range(3)))
    assert (event.phase, event.label, event.subject) == (Phase.START, "spoof", None)
    assert event.confidence == pytest.approx(0.9)
    assert event.evidence["liveness"] == pytest.approx(0.1)


def test_who_turns_out_to_be_a_picture_loses_the_name():
    """The name's event ends and a spoof starts."""
    stage = smooth()
    events = looks(stage, 2, ANA) + run(stage, (refused(0.2 + n * STEP_S) for n in range(3)))
    assert told(events) == [("start", "Ana"), ("end", "Ana"), ("start", "spoof")]


def test_updates_are_periodic_and_tell_of_late():
    """One every ``update_s``; the confidence is of the looks since the last message."""
    stage = smooth()
    looks(stage, 2, ANA)
    updates = looks(stage, 104, (("ana", 0.4),), first_s=0.2)
    assert [event.observed_s for event in updates] == pytest.approx([5.1, 10.1], abs=0.11)
    assert {event.phase for event in updates} == {Phase.UPDATE}
    assert updates[1].confidence == pytest.approx(0.5)
    assert updates[1].evidence["similarity"] == pytest.approx(0.7)


def test_liveness_is_in_the_evidence_where_it_was_checked():
    """As the score over the frames."""
    live = Liveness(Verdict.LIVE, 0.95, 2)
    (event,) = run(smooth(), [matched(0.0, ANA, liveness=live), matched(0.1, ANA, liveness=live)])
    assert event.evidence["liveness"] == pytest.approx(0.95)


def test_what_is_still_on_its_way_is_nobodys_business():
    """Items of the stages before pass without effect, and so do glimpses of a face that has no name yet."""
    assert run(smooth(), [tracked(0.0), glimpse(0.1), glimpse(0.2)]) == []


def test_portraits_go_with_events_where_they_are_wanted():
    """Cut from the frame of the best look so far, with a little round the face; a copy, so that no frame is kept."""
    stage = smooth(portrait_px=256)
    (start,) = looks(stage, 2, ANA)
    better = looks(stage, 1, (("ana", 0.8), ("ben", 0.1)), first_s=0.2)
    (end,) = stage.finish()
    assert better == []
    assert np.array_equal(start.portrait, PICTURE[90:190, 90:190])
    assert end.portrait is not start.portrait
    assert end.portrait.base is None
    assert not np.shares_memory(end.portrait, PICTURE)
    assert [event.portrait for event in looks(smooth(), 2, ANA)] == [None]


def test_a_spoof_has_a_portrait_too():
    """What becomes of it is not decided here."""
    (event,) = run(smooth(portrait_px=256), (refused(n * STEP_S) for n in range(3)))
    assert event.portrait.shape == (100, 100, 3)


@given(
    st.floats(-200, 700), st.floats(-200, 500), st.floats(1, 900), st.floats(0.5, 2.0), st.sampled_from([16, 100, 512])
)
def test_a_portrait_is_inside_the_frame_and_no_larger_than_wanted(left, top, wide, tall, most_px):
    """Wherever the face is; there is none of a face of which the frame shows nothing."""
    box = Box(left, top, left + wide, top + tall * wide)
    portrait = cut_portrait(tracked(face=Face(box, 0.9, {})), most_px)
    in_frame_px = min(
        min(box.right, PICTURE.shape[1]) - max(box.left, 0), min(box.bottom, PICTURE.shape[0]) - max(box.top, 0)
    )
    if portrait is None:
        assert in_frame_px < 2
    else:
        assert in_frame_px > -max(box.width, box.height)
        assert max(portrait.shape) <= most_px
        assert portrait.any()


def test_release_above_threshold_is_refused():
    """Hysteresis the wrong way round is a fault of the configuration."""
    with pytest.raises(ValidationError, match="must not be above threshold"):
        IdentityConfig(threshold=0.3, release=0.4)


sightings = st.tuples(
    st.floats(0.0, 1.5),
    st.integers(1, 4),
    st.sampled_from(["ana", "ben", "nobody", "alike", "empty", "spoof", "unsure", "glimpse", "nothing", "finish"]),
)
NEAREST = {"ana": ANA, "ben": BEN, "nobody": NOBODY, "alike": ALIKE, "empty": ()}


def sight(stage, now_s, track, what):
    if what in NEAREST:
        return stage(matched(now_s, NEAREST[what], track))
    if what in {"spoof", "unsure"}:
        return stage(refused(now_s, track, Verdict(what)))
    if what == "glimpse":
        return stage(glimpse(now_s, track))
    return stage.finish() if what == "finish" else stage.advance(now_s)


@given(st.lists(sightings, max_size=150))
def test_any_sightings_make_well_formed_events(seen):
    """One start, updates, one end for each id; no two events on for one subject; all ends after the end."""
    stage, events, now_s = smooth(), [], 0.0
    for pause_s, track, what in seen:
        now_s += pause_s / 4
        events += sight(stage, now_s, track, what)
    events += stage.finish()
    on = {}
    for event in events:
        assert 0 <= event.confidence <= 1
        assert event.start_s <= event.end_s <= event.observed_s
        assert (event.id in on.values()) == (event.phase is not Phase.START)
        if event.phase is Phase.START:
            assert event.subject not in on
            on[event.subject] = event.id
        elif event.phase is Phase.END:
            assert on.pop(event.subject) == event.id
    assert on == {}
    assert [event.observed_s for event in events] == sorted(event.observed_s for event in events)
    assert max(Counter(event.id for event in events if event.phase is Phase.START).values(), default=1) == 1
    assert max(Counter(event.id for event in events if event.phase is Phase.END).values(), default=1) == 1


@given(st.lists(sightings, min_size=1, max_size=100), st.floats(3.0, 100.0))
def test_nothing_is_remembered_of_those_who_left(seen, away_s):
    """After a while without anybody: no track, no event, no rest."""
    stage, now_s = smooth(), 0.0
    for pause_s, track, what in seen:
        now_s += pause_s
        list(sight(stage, now_s, track, what))
    list(stage.advance(now_s + away_s))
    list(stage.advance(now_s + 2 * away_s))
    assert (stage._tracks, stage._held, stage._rest_until_s) == ({}, {}, {})
