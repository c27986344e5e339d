"""Clips of a person who was erased go too, and of nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import EdgedError
from edged.messages.event import Phase
from edged.messages.health import State
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.health import Health
from edged.sinks.clips import Clips, ClipsConfig
from edged.sinks.clips.clip import Events
from edged.sinks.clips.clips import SWEEP_S
from edged.sinks.clips.shown import Shown
from tests.sinks.clips.evidence import EPOCH_S, LIMITS, a_message, a_store, keep, picture

ANA, BEN = "01HANA", "01HBEN"


def about(store, number, subject, **how):
    return keep(store, number, (picture(),), pipeline="faces", subject=subject, **how)


def test_clips_that_are_about_an_erased_person_go_from_the_disk(tmp_path):
    """Those of others, of strangers and of sound stay; what goes is counted."""
    store, health = a_store(tmp_path / "clips")
    gone = [about(store, number, f"person:{ANA}", label="Ana") for number in (1, 2)]
    kept = [about(store, 3, f"person:{BEN}"), about(store, 4, f"stranger:{ANA}"), keep(store, 5)]
    assert store.forget([ANA]) == 2
    assert sorted(path.name for path in (tmp_path / "clips").iterdir() if path.is_dir()) == kept
    assert [store.find(event) for event in gone] == [None, None]
    store.sweep()
    assert {"deleted_erased": 2, "kept": 3}.items() <= health.snapshot().counters.items()
    assert store.forget([ANA]) == 0


def test_nothing_spares_them(tmp_path):
    """Neither a person's word on them, nor that they are the last ones."""
    store, _ = a_store(tmp_path, keep_last=10)
    event = about(store, 1, f"person:{ANA}")
    store.add_feedback(event, "correct", None, "2026-01-01T00:00:00.000Z")
    assert store.forget([BEN, ANA]) == 1


def test_a_clip_of_before_the_start_is_known_too(tmp_path):
    """Whom it is about stands in nothing but its sealed file."""
    store, _ = a_store(tmp_path)
    event = about(store, 1, f"person:{ANA}")
    again, _ = a_store(tmp_path)
    assert again.forget([ANA]) == 1
    assert again.find(event) is None
    assert a_store(tmp_path)[0].find(event) is None


def test_a_clip_that_is_kept_after_the_person_was_erased_goes_as_well(tmp_path):
    """The event was on at that time; its messages may say so only in its end."""
    store, _ = a_store(tmp_path)
    assert store.forget([ANA]) == 0
    about(store, 1, f"person:{ANA}")
    assert store.forget([ANA]) == 1


def test_a_clip_that_cannot_be_read_stays_and_hinders_none(tmp_path):
    """Its file was changed: it shows nothing to anybody, and goes by age."""
    store, _ = a_store(tmp_path)
    damaged, event = about(store, 1, f"person:{ANA}"), about(store, 2, f"person:{ANA}")
    (tmp_path / damaged / "events.json.sealed").write_bytes(b"rubbish" * 9)
    assert store.forget([ANA]) == 1
    assert store.find(event) is None
    assert store.find(damaged)


def test_nobody_is_looked_for_where_nobody_was_erased(tmp_path):
    """No clip is opened for it."""
    read = []
    assert Shown(read.append).clips_of([], []) == []
    store, _ = a_store(tmp_path)
    event = about(store, 1, f"person:{ANA}")
    (tmp_path / event / "events.json.sealed").unlink()
    assert store.forget([]) == 0


@given(
    about=st.lists(st.sampled_from([f"person:{ANA}", f"person:{BEN}", f"stranger:{ANA}", None]), max_size=8),
    people=st.sets(st.sampled_from([ANA, BEN, ""]), max_size=3),
    most=st.integers(1, 9),
)
def test_so_many_are_read_at_a_time_each_once_and_in_the_end_all(about, people, most):
    """Whoever is sought: those who are found are those whom the messages name."""
    read = []

    def messages(clip):
        read.append(clip)
        if about[int(clip)] is None and int(clip) % 2:
            raise EdgedError("cannot be read")
        return Events(messages=[a_message(subject=about[int(clip)])]).payload()

    shown, clips = Shown(messages, most), [str(number) for number in range(len(about))]
    for turn in range(1, len(about) + 2):
        found = shown.clips_of(people, clips)
        assert len(read) == min(turn * most, len(clips))
    assert sorted(read) == clips
    assert found == [clip for clip in clips if about[int(clip)] in {f"person:{one}" for one in people}]
    assert shown.clips_of(people, clips[1:]) == [clip for clip in found if clip != "0"]


class Box:
    """Clips of a camera, and the people who were erased; time goes on by hand."""

    def __init__(self, folder):
        self.health, self.now_s, self.erased = Health().part("clips"), 0.0, []
        config = ClipsConfig(**LIMITS | {"folder": folder})
        clock, unix = lambda: self.now_s, lambda: EPOCH_S
        self.clips = Clips(config, {"faces": "camera"}, self.health, clock, unix, lambda: self.erased)
        self.clips.see("camera", BoundedQueue(1))


def test_a_running_box_forgets_within_a_minute(tmp_path, caplog):
    """It is counted and logged by number; neither name nor id is told."""
    caplog.set_level("INFO")
    box = Box(tmp_path)
    box.clips.step()
    event = about(box.clips.store, 1, f"person:{ANA}", label="Ana Unmistakable")
    box.erased.append(ANA)
    box.now_s = SWEEP_S - 1
    box.clips.step()
    assert box.clips.store.find(event)
    box.now_s = SWEEP_S
    box.clips.step()
    assert box.clips.store.find(event) is None
    assert box.health.snapshot().counters == {"deleted_erased": 1, "kept": 0, "kept_bytes": 0}
    (line,) = [record for record in caplog.records if "erased" in record.message]
    assert line.clips == 1
    assert not any(secret in str(line.__dict__) for secret in (ANA, "Unmistakable", event))


def test_a_box_whose_person_was_erased_while_it_was_off_forgets_at_its_start(tmp_path):
    """Before anything else is done."""
    store, _ = a_store(tmp_path)
    event = about(store, 1, f"person:{ANA}")
    box = Box(tmp_path)
    box.erased.append(ANA)
    box.clips.step()
    assert box.clips.store.find(event) is None
    assert box.health.state is State.OK


@pytest.mark.parametrize("phase", [Phase.START, Phase.END])
def test_each_message_of_an_event_counts(phase):
    """Whichever of them names the person."""
    told = {phase: f"person:{ANA}"}
    messages = [a_message(one, subject=told.get(one)) for one in (Phase.START, Phase.END)]
    assert Shown(lambda _: Events(messages=messages).payload()).clips_of([ANA], ["1"]) == ["1"]
