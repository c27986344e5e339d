"""Rings: the last of a source, each second where it belongs, in bounded memory."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.sound import Chunk, Span
from edged.sinks.clips import picture_ring
from edged.sinks.clips.picture_ring import PictureRing
from edged.sinks.clips.ring import Piece, Ring
from edged.sinks.clips.sound_ring import SoundRing, as_int16
from tests.sinks.clips.evidence import EPOCH_S, RATE_HZ, a_frame, heard, ramp


def cut(chunks, from_s, until_s, length_s=20.0):
    """When the cut begins, and its samples."""
    ring = SoundRing(length_s, RATE_HZ)
    for chunk in chunks:
        ring.add(chunk)
    (content,) = ring.cut(EPOCH_S + from_s, EPOCH_S + until_s)
    return content.at_s - EPOCH_S, heard(content.content)


@given(from_s=st.floats(0.1, 4.0), length_s=st.floats(0.1, 5.0))
def test_a_cut_holds_exactly_the_sound_of_its_time(from_s, length_s):
    """To the sample: each tells its own time."""
    at_s, samples = cut(ramp(0, 10), from_s, from_s + length_s)
    assert at_s == pytest.approx(from_s, abs=1e-6)
    assert abs(len(samples) - length_s * RATE_HZ) <= 1
    assert abs(int(samples[0]) - from_s * RATE_HZ) <= 1
    assert (np.diff(samples) == 1).all()


def test_what_is_no_longer_there_is_missing_at_the_beginning():
    """And the cut says when it begins; of a time that was not heard there is nothing."""
    at_s, samples = cut(ramp(0, 30), 5, 25, length_s=10)
    assert 19.9 <= at_s <= 20
    assert samples[0] == round(at_s * RATE_HZ)
    assert SoundRing(10, RATE_HZ).cut(0, 2e9) == []


def test_where_sound_is_missing_there_is_silence_of_the_same_length():
    """What comes after it is at its time."""
    at_s, samples = cut([*ramp(0, 2), *ramp(4, 6)], 1, 5)
    assert (at_s, len(samples)) == (1, 4000)
    assert samples[999] == 1999
    assert not samples[1000:3000].any()
    assert samples[3000] == 4000


def test_chunks_dated_a_little_late_or_early_follow_one_another():
    """A microphone's chunks are dated when they are read."""
    rng = np.random.default_rng(3)
    jittered = [
        replace(it, span=replace(it.span, epoch_s=EPOCH_S + rng.uniform(-0.02, 0.02))) for it in ramp(0, 10)[1:]
    ]
    _, samples = cut([*ramp(0, 0.05), *jittered], 0, 8)
    assert (np.diff(samples) == 1).all()


def test_a_clock_that_is_set_back_begins_anew():
    """Sound of before is not mixed with sound of after."""
    _, samples = cut([*ramp(0, 5), *ramp(5, 8, EPOCH_S - 4)], 0, 9)
    assert samples[0] == 5000
    assert len(samples) == 3000


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.integers(0, 400)), max_size=60))
def test_memory_is_bounded_whatever_times_come(chunks):
    """No more samples than the ring's length has, and no cut longer than asked for."""
    ring = Ring(2.0, 2000)
    for at_s, size in chunks:
        ring.put(Piece(at_s, at_s + size / RATE_HZ, None, size))
        assert ring.size <= 2000
        assert sum(piece.size for piece in ring.between(float("-inf"), float("inf"))) == ring.size


def test_sound_that_is_too_loud_or_no_number_is_kept_as_16_bits():
    """Clipped, and silence."""
    samples = np.array([2, -2, np.nan, np.inf, 0.5], np.float32)
    assert as_int16(samples).tolist() == [32767, -32767, 0, 32767, 16384]


def test_an_empty_chunk_changes_nothing():
    """A recording may end with one."""
    ring = SoundRing(1, RATE_HZ)
    ring.add(Chunk(np.zeros(0, np.float32), Span(0, 0, EPOCH_S)))
    assert ring.until_s == float("-inf")


@pytest.mark.parametrize("camera_fps", [5, 12.5, 30])
def test_pictures_are_kept_at_their_rate(camera_fps):
    """Two a second of however many, each with its time; the camera's time goes on with those left out too."""
    ring = PictureRing(20, 2, 640)
    for number in range(round(10 * camera_fps)):
        ring.add(a_frame(number / camera_fps))
    contents = ring.cut(EPOCH_S, EPOCH_S + 10)
    assert 18 <= len(contents) <= 20
    assert [it.name for it in contents[:2]] == ["picture_0001.jpg", "picture_0002.jpg"]
    assert np.allclose(np.diff([it.at_s for it in contents]), 0.5, atol=1.01 / camera_fps)
    assert ring.until_s == pytest.approx(EPOCH_S + 10, abs=1.01 / camera_fps)


def test_a_picture_is_made_smaller_but_never_larger():
    """Its longer side has so many pixels at most; what comes out is a JPEG."""
    ring = PictureRing(20, 2, 100)
    ring.add(a_frame(0, (300, 150)))
    ring.add(a_frame(1, (20, 30)))
    shapes = [
        cv2.imdecode(np.frombuffer(it.content, np.uint8), cv2.IMREAD_COLOR).shape for it in ring.cut(0, EPOCH_S + 2)
    ]
    assert shapes == [(100, 50, 3), (20, 30, 3)]


def test_pictures_go_on_after_the_clock_was_set_back():
    """At once, and those of before are gone."""
    ring = PictureRing(20, 2, 640)
    for at_s in (0, 1, 2):
        ring.add(a_frame(at_s))
    ring.add(a_frame(0, epoch_s=EPOCH_S - 3600))
    ring.add(a_frame(1, epoch_s=EPOCH_S - 3600))
    assert len(ring.cut(0, 2e9)) == 2


def test_pictures_take_bounded_memory():
    """The oldest go for want of room."""
    ring = PictureRing(300, 30, 4096)
    noise = np.random.default_rng(1).integers(0, 255, (1500, 2000, 3), np.uint8)
    for number in range(30):
        ring.add(replace(a_frame(number), picture=noise))
    contents = ring.cut(0, 2e9)
    assert 2 < len(contents) < 30
    assert sum(len(it.content) for it in contents) <= picture_ring.MAX_BYTES
    assert contents[-1].at_s == EPOCH_S + 29
