"""Clips: what is heard and seen round an event is kept, and nothing waits for it."""

import threading
import time

import pytest

from edged.messages.event import Phase
from edged.messages.health import State
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.health import Health
from edged.sinks.clips import Clips, ClipsConfig
from edged.sinks.clips.clip import Events
from edged.sinks.clips.clips import MOST_MESSAGES, MOST_WATCHED, SWEEP_S
from tests.sinks.clips.evidence import EPOCH_S, LIMITS, RATE_HZ, a_frame, a_message, heard, ramp

PIPELINES = {"drones": "microphone", "faces": "camera", "gate": "elsewhere"}


class Box:
    """Clips that hear a ramp and see grey; time goes on by hand."""

    def __init__(self, folder, **config):
        self.health, self.now_s = Health().part("clips"), 0.0
        settings = ClipsConfig(**LIMITS | {"folder": folder, "max_s": 20} | config)
        self.clips = Clips(settings, PIPELINES, self.health, lambda: self.now_s, lambda: EPOCH_S)
        self.sound, self.pictures = BoundedQueue(10_000), BoundedQueue(10_000)
        self.clips.hear("microphone", self.sound, RATE_HZ)
        self.clips.see("camera", self.pictures)

    def hear(self, from_s, to_s, **how):
        self.put("microphone", self.sound, ramp(from_s, to_s, **how), EPOCH_S + to_s)

    def see(self, from_s, to_s):
        frames = [a_frame(at / 10) for at in range(round(from_s * 10), round(to_s * 10))]
        self.put("camera", self.pictures, frames, EPOCH_S + to_s - 0.1)

    def put(self, source, queue, items, until_s):
        for item in items:
            queue.put(item)
        wait_until(lambda: self.clips._recorders[source].until_s >= until_s - 1e-3)

    def tell(self, phase, number=0, *, start_s=5.0, end_s=6.0, **changes):
        message = a_message(phase, number, start_s=start_s, end_s=end_s, **changes)
        self.clips(message)
        self.clips.step()
        return message.id

    def counted(self, name):
        return self.health.snapshot().counters.get(name, 0)


def wait_until(condition, limit_s=10.0):
    until_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.002)


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path / "clips")


def test_a_clip_begins_before_the_start_and_ends_after_the_end(box):
    """By pre_roll_s and post_roll_s; it is kept as soon as the latter has been heard, and not before."""
    box.hear(0, 5.5)
    event = box.tell(Phase.START)
    box.hear(5.5, 6.5)
    box.tell(Phase.UPDATE, end_s=5.7)
    box.tell(Phase.UPDATE, end_s=5.9)
    box.tell(Phase.END)
    box.hear(6.5, 8.9)
    box.clips.step()
    assert box.clips.store.find(event) is None
    box.hear(8.9, 9.5)
    box.clips.step()
    samples = heard(box.clips.store.read(event, "sound.flac"))
    assert (samples[0], samples[-1], len(samples)) == (2000, 8999, 7000)
    told = Events.model_validate_json(box.clips.store.read(event, "events.json")).messages
    assert [(it.phase, it.duration_s) for it in told] == [("start", 1.0), ("update", 0.9), ("end", 1.0)]
    assert box.health.state is State.OK
    assert box.counted("written") == box.counted("kept") == 1


def test_pictures_of_a_camera_are_kept_round_its_event(box):
    """Two a second, from before the start to after the end."""
    box.see(0, 12)
    event = box.tell(Phase.START, pipeline="faces")
    box.tell(Phase.END, pipeline="faces")
    files = box.clips.store.files(event)
    assert [it.name for it in files] == [*(f"picture_{number:04d}.jpg" for number in range(1, 15)), "events.json"]
    assert all(it.media_type == "image/jpeg" for it in files[:-1])
    assert box.clips.store.read(event, "picture_0001.jpg").startswith(b"\xff\xd8\xff")


def test_of_a_long_event_the_beginning_is_kept_and_its_end_is_told_later(box):
    """The clip is on the disk long before the event is over."""
    box.hear(0, 23)
    event = box.tell(Phase.START)
    samples = heard(box.clips.store.read(event, "sound.flac"))
    assert (samples[0], len(samples)) == (2000, 20 * RATE_HZ)
    box.tell(Phase.UPDATE, end_s=30)
    box.tell(Phase.END, end_s=32, confidence=0.4)
    told = Events.model_validate_json(box.clips.store.read(event, "events.json")).messages
    assert [it.phase for it in told] == ["start", "end"]
    assert box.clips.store.find(event).confidence == 0.4
    assert box.counted("written") == 1


@pytest.mark.parametrize("over", [True, False])
def test_a_source_that_gives_no_more_is_not_waited_for_for_ever(box, over):
    """A camera that is gone, a recording that ended, a clock set back: what there is is kept."""
    box.hear(0, 6)
    event = box.tell(Phase.START)
    if over:
        box.tell(Phase.END)
    box.now_s = 7.9 if over else 24.9
    box.clips.step()
    assert box.clips.store.find(event) is None
    box.now_s += 0.2
    box.clips.step()
    assert len(heard(box.clips.store.read(event, "sound.flac"))) == 4000


def test_stopping_keeps_what_there_is(box):
    """Of the events that are on, and in time."""
    box.clips.start()
    box.hear(0, 6)
    box.clips(a_message(Phase.START, start_s=5.0))
    box.clips.stop(5.0)
    assert len(box.clips.store.files(a_message().id)) == 2


def test_what_was_on_when_its_source_was_exchanged_is_kept_as_the_old_one_gave_it(box):
    """Another microphone may have its name by the time the clip is cut; the end is told all the same."""
    box.hear(0, 6)
    event = box.tell(Phase.START)
    old, box.sound = box.sound, BoundedQueue(10_000)
    box.clips.hear("microphone", box.sound, RATE_HZ)
    old.close()
    box.hear(6, 12)
    box.tell(Phase.END)
    box.now_s += 60  # it gives no more
    box.clips.step()
    samples = heard(box.clips.store.read(event, "sound.flac"))
    assert (samples[0], samples[-1]) == (2000, 5999)
    told = Events.model_validate_json(box.clips.store.read(event, "events.json")).messages
    assert [message.phase for message in told] == ["start", "end"]


def test_what_a_source_gave_that_is_gone_is_forgotten(box):
    """Within ``SWEEP_S``: a minute of sound is 2 MB, and sources can be renamed as often as one likes."""
    box.sound.close()
    wait_until(lambda: box.clips._ended)
    box.now_s += SWEEP_S
    box.clips.step()
    assert list(box.clips._recorders) == ["camera"]


def test_nothing_is_kept_of_pipelines_whose_source_is_not_remembered(box):
    """Such as a camera's, where no pictures are wanted."""
    for pipeline in ("gate", "of another box"):
        box.tell(Phase.START, pipeline=pipeline)
    box.clips.stop(0)
    box.clips.step()
    assert "written" not in box.health.snapshot().counters
    assert "not_recorded" not in box.health.snapshot().counters


def test_an_event_of_which_nothing_was_recorded_is_counted(box):
    """It came too late, or the source was lost; its end changes nothing."""
    box.hear(100, 110)
    box.tell(Phase.START)
    box.tell(Phase.END)
    assert box.counted("not_recorded") == 1
    assert box.counted("kept") == 0


def test_telling_never_waits_and_what_is_too_much_is_counted(box):
    """The writer stands still: messages beyond the limit, and then events beyond theirs, are dropped."""
    box.hear(0, 6)
    began_s = time.monotonic()
    for number in range(MOST_MESSAGES + 50):
        box.clips(a_message(Phase.START, number, start_s=5.0))
    assert time.monotonic() - began_s < 5
    assert box.counted("dropped") == 50
    box.clips.step()
    assert box.counted("dropped") == 50 + MOST_MESSAGES - MOST_WATCHED


def test_a_folder_that_cannot_be_used_stops_nothing(tmp_path):
    """Health says why; when it can be used, it is, and says so."""
    (tmp_path / "clips").write_text("")
    box = Box(tmp_path / "clips")
    box.hear(0, 12)
    box.tell(Phase.START)
    box.tell(Phase.END)
    assert box.health.state is State.DEGRADED
    assert "clips: File exists; make room, or see to the disk" in box.health.snapshot().reasons[0]
    assert box.counted("dropped") == 1
    (tmp_path / "clips").unlink()
    box.now_s += 61
    box.clips.step()
    assert box.health.state is State.OK
    event = box.tell(Phase.START, 2)
    box.tell(Phase.END, 2)
    assert box.clips.store.find(event)


def test_no_room_is_told_until_there_is_some(tmp_path):
    """And the event's clip is counted as dropped."""
    box = Box(tmp_path / "clips", min_free_bytes=2**44)
    box.hear(0, 12)
    box.tell(Phase.START)
    box.tell(Phase.END)
    box.now_s += 61
    box.clips.step()
    assert box.health.state is State.DEGRADED
    assert "no room for another clip" in box.health.snapshot().reasons[0]
    assert box.counted("dropped") == 1


def test_a_picture_that_cannot_be_encoded_costs_that_picture(box):
    """It is counted; the next one is kept."""
    box.pictures.put(a_frame(0, (0, 0)))
    box.pictures.interrupt()
    box.see(1, 12)
    assert box.counted("faults") == 1
    event = box.tell(Phase.START, pipeline="faces")
    box.tell(Phase.END, pipeline="faces")
    assert box.clips.store.find(event)


def test_a_source_can_be_remembered_anew_while_it_runs(box):
    """A pipeline was started again: its new queue takes the place of the old one, whose thread ends."""
    before = threading.active_count()
    old, box.sound = box.sound, BoundedQueue(10_000)
    box.clips.hear("microphone", box.sound, RATE_HZ)
    old.close()
    wait_until(lambda: threading.active_count() == before)
    box.hear(0, 12)
    event = box.tell(Phase.START)
    box.tell(Phase.END)
    assert box.clips.store.find(event)
