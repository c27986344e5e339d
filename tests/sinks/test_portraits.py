"""Portraits: which pictures leave the box, how much they tell, and that there are never too many or too large."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edged.messages.event import Phase
from edged.messages.wire import event_message
from edged.runtime.health import Health
from edged.sinks.portraits import ImagesConfig, Portraits, as_jpeg, blurred
from tests.events import an_event

START, UPDATE, END = Phase
NOISE = np.random.default_rng(0).integers(0, 256, (256, 200, 3), np.uint8)


def a_portrait(seed=0):
    """Smooth and coloured, as a face is."""
    small = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), np.uint8)
    return cv2.resize(small, (200, 256), interpolation=cv2.INTER_CUBIC)


class Broker:
    """What takes the pictures, or does not."""

    def __init__(self):
        self.there, self.got = True, []

    def __call__(self, topic, jpeg):
        if self.there:
            self.got.append((topic, jpeg))
        return self.there

    def picture(self, number=-1):
        return cv2.imdecode(np.frombuffer(self.got[number][1], np.uint8), cv2.IMREAD_COLOR)


class Door:
    """A sink for pictures with all that is round it."""

    def __init__(self, **config):
        self.broker, self.now_s, self._part = Broker(), 0.0, Health().part("pipelines.people")
        config = ImagesConfig(**{"enabled": True, **config})
        self.sink = Portraits(config, self.broker, self._part, lambda: self.now_s)

    def tell(self, phase, number=0, subject="person:ana", portrait=None, label="Ana"):
        self.sink(an_event(phase, number, "people", subject=subject, label=label, portrait=portrait))

    @property
    def counted(self):
        return dict(self._part.snapshot().counters)


def likeness(picture, other):
    """Mean difference of the levels."""
    return np.abs(picture.astype(float) - other).mean()


def test_no_picture_leaves_the_box_by_default():
    """They must be asked for."""
    door = Door(enabled=ImagesConfig().enabled)
    door.tell(START, portrait=a_portrait())
    assert (door.broker.got, door.counted) == ([], {})


def test_a_known_face_is_shown_at_its_events_start():
    """As it is, below the event's own topic; a sink with no picture to send sends none."""
    door = Door()
    door.tell(START, 7, portrait=a_portrait())
    door.tell(START, 8)
    ((topic, _),) = door.broker.got
    assert topic == f"event/people/{7:026d}/image"
    assert likeness(door.broker.picture(), a_portrait()) < 4
    assert door.counted == {"images_sent": 1}


def test_an_end_brings_a_picture_where_a_better_look_came():
    """And else none; an update never does."""
    door, first = Door(), a_portrait()
    door.tell(START, portrait=first)
    door.tell(UPDATE, portrait=a_portrait(1))
    door.tell(END, portrait=a_portrait(2))
    assert len(door.broker.got) == 2
    assert likeness(door.broker.picture(), a_portrait(2)) < 4
    door.tell(START, 1, portrait=first)
    door.tell(END, 1, portrait=first)
    assert len(door.broker.got) == 3
    assert door.sink._sent == {}


@pytest.mark.parametrize(
    ("subject", "label"), [("stranger:01", "unknown"), (None, "spoof"), ("stranger:01", "person:ana"), (None, "Ana")]
)
def test_whoever_is_not_enrolled_is_blurred(subject, label):
    """Strangers, and pictures of faces, which may show anybody; whatever they are called."""
    door = Door()
    door.tell(START, subject=subject, label=label, portrait=a_portrait())
    assert likeness(door.broker.picture(), a_portrait()) > 20
    assert likeness(door.broker.picture(), blurred(a_portrait())) < 4


def test_somebody_enrolled_may_be_called_unknown():
    """Known is who has an id in the gallery, by whatever name."""
    door = Door()
    door.tell(START, label="unknown", portrait=a_portrait())
    assert likeness(door.broker.picture(), a_portrait()) < 4


def test_strangers_may_be_shown_or_left_out():
    """As the settings say; leaving out is no loss to be counted."""
    shown, none = Door(unknown="show"), Door(unknown="none")
    for door in (shown, none):
        door.tell(START, subject="stranger:01", label="unknown", portrait=a_portrait())
    assert likeness(shown.broker.picture(), a_portrait()) < 4
    assert (none.broker.got, none.counted) == ([], {})


def shuffled(picture, cell, random):
    """The same pixels, in another order within each cell."""
    height, width, _ = picture.shape
    cells = picture.reshape(height // cell[0], cell[0], width // cell[1], cell[1], 3).swapaxes(1, 2)
    flat = cells.reshape(*cells.shape[:2], -1, 3).copy()
    return random.permuted(flat, axis=2).reshape(cells.shape).swapaxes(1, 2).reshape(picture.shape)


@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_blurring_keeps_nothing_but_a_few_mean_colours(high, wide, seed):
    """Faces whose 8 x 8 mean colours are the same are the same when blurred, to the last bit: nothing else is in it."""
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (8 * high, 8 * wide, 3), np.uint8)
    other = shuffled(picture, (high, wide), random)
    assert np.array_equal(blurred(picture), blurred(other))
    assert blurred(picture).shape == picture.shape


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (9, 7), (256, 200)])
def test_a_picture_of_any_size_is_blurred(size):
    """Also one that has fewer pixels than the blur, or that is not a multiple of it; within 8 dimensions."""
    picture = NOISE[: size[0], : size[1]].repeat(max(1, size[1] // 200 + 1), 1)[:, : size[1]]
    told = blurred(picture)
    assert told.shape == picture.shape
    singular = np.linalg.svd(told[..., 0].astype(float), compute_uv=False)
    assert singular[8:].sum() <= 0.05 * singular.sum()  # what rounding adds


@pytest.mark.parametrize("max_bytes", [60_000, 20_000, 9_000])
def test_the_quality_is_lowered_until_it_fits(max_bytes):
    """Whatever the picture; the better the more room there is."""
    jpeg = as_jpeg(NOISE, max_bytes)
    assert max_bytes / 2 < len(jpeg) <= max_bytes


def test_a_picture_that_cannot_be_made_to_fit_is_dropped():
    """And counted."""
    door = Door(max_bytes=1000)
    door.tell(START, portrait=NOISE)
    assert (door.broker.got, door.counted) == ([], {"images_dropped": 1})


def test_a_picture_says_nothing_of_itself():
    """No metadata: no segment but those that a JPEG needs."""
    with Image.open(io.BytesIO(as_jpeg(a_portrait(), 60_000))) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (200, 256), {})
        assert {segment for segment, _ in image.applist} <= {"APP0"}


def test_there_are_no_more_than_so_many_in_a_minute():
    """Four at once, then one every so often; the others are dropped for good."""
    door = Door(per_minute=6)
    for number in range(100):
        door.tell(START, number, portrait=a_portrait())
    assert len(door.broker.got) == 4
    door.now_s = 20.0
    for number in range(100, 110):
        door.tell(START, number, portrait=a_portrait())
    assert len(door.broker.got) == 6
    assert door.counted == {"images_sent": 6, "images_dropped": 104}


def test_a_picture_never_waits_for_the_broker():
    """While it is away they are dropped and counted; what has not been shown at its start is at its end."""
    door, face = Door(), a_portrait()
    door.broker.there = False
    door.tell(START, 0, portrait=face)
    door.broker.there = True
    assert (door.broker.got, door.counted) == ([], {"images_dropped": 1})
    door.tell(END, 0, portrait=face)
    assert len(door.broker.got) == 1
    assert door.counted == {"images_dropped": 1, "images_sent": 1}


def test_a_portrait_is_no_part_of_the_events_message():
    """What is written to disk and sent as the event is the same with it and without; it is in no log either."""
    event = an_event(subject="person:ana", portrait=a_portrait())
    assert event == an_event(subject="person:ana")
    assert event_message(event, 1, 0.0) == event_message(an_event(subject="person:ana"), 1, 0.0)
    assert "portrait" not in repr(event)
