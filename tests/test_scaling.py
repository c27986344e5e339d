"""A frame is made smaller once for all pipelines that look at it."""

import threading
import weakref

import numpy as np
import pytest

from edged.scaling import MOST_PICTURES, MOST_SIZES, Smaller, scale
from edged.vision import crop

SIZES = ((320, 240), (300, 225), (128, 96), (90, 90), (800, 600))


@pytest.fixture
def picture():
    """640 x 480 of noise."""
    return np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)


def test_what_is_shared_is_what_each_would_have_made(picture):
    """In any order of sizes, to the last bit."""
    smaller = Smaller()
    for size in (*SIZES, *reversed(SIZES)):
        np.testing.assert_array_equal(smaller.to(picture, size), scale(picture, size))


def test_the_second_who_looks_makes_nothing_anew(picture):
    """The same array, for a thread beside too; another picture has its own, though it looks the same."""
    smaller, found = Smaller(), []
    first = smaller.to(picture, (300, 225))
    thread = threading.Thread(target=lambda: found.append(smaller.to(picture, (300, 225))))
    thread.start()
    thread.join()
    assert found[0] is first
    assert smaller.to(picture.copy(), (300, 225)) is not first


def test_what_others_have_too_cannot_be_written_to(picture):
    """One pipeline does not change what another sees."""
    with pytest.raises(ValueError, match="read-only"):
        Smaller().to(picture, (300, 225))[0, 0] = 0


def test_a_picture_of_that_size_is_not_copied(picture):
    """It is itself, and not kept."""
    assert Smaller().to(picture, (640, 480)) is picture
    assert not np.shares_memory(scale(picture, (640, 480)), picture)


def test_a_picture_and_its_sizes_are_forgotten_with_its_last_owner(picture):
    """Nothing keeps a frame that nobody looks at any longer."""
    smaller = Smaller()
    frame = picture.copy()
    kept = weakref.ref(smaller.to(frame, (300, 225)))
    smaller.to(frame, (640, 480))
    gone = weakref.ref(frame)
    del frame
    assert gone() is None
    smaller.to(picture, (300, 225))
    assert kept() is None


def test_no_more_is_remembered_than_there_may_be_cameras_and_models():
    """However many pictures and sizes there are at a time."""
    smaller, pictures = Smaller(), [np.zeros((64, 64, 3), np.uint8) for _ in range(MOST_PICTURES + 5)]
    for each in pictures:
        smaller.to(each, (16, 16))
    for side in range(2, 2 + 2 * MOST_SIZES):
        smaller.to(pictures[-1], (side, side))
    assert len(smaller._made) == MOST_PICTURES
    assert len(smaller._made[id(pictures[-1])].sizes) == MOST_SIZES


def test_a_part_of_a_picture_is_its_own(picture):
    """Only whole frames are shared."""
    whole, part = (crop(picture, box, (80, 60)) for box in ((0, 0, 640, 480), (0, 0, 320, 240)))
    assert not np.array_equal(whole, part)
    np.testing.assert_array_equal(whole, scale(picture, (80, 60)))
