"""Scene: when a picture shows another one than the picture before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.scene import SIZE_PX, Scene, likeness, thumbnail
from tests.faces import a_picture

seeds = st.integers(0, 1000)


def shot(seed, width=640, height=480):
    """A scene of a few large areas, as real ones have."""
    areas = np.random.default_rng(seed).integers(20, 235, (6, 8, 1), np.uint8)
    return np.repeat(areas.repeat(height // 6, 0).repeat(width // 8, 1), 3, 2)


def test_a_cut_changes_the_scene_once():
    """The first picture changes nothing, nor do those that show the same again."""
    scene = Scene()
    assert [scene.changes(shot(seed)) for seed in (1, 1, 2, 2, 1)] == [False, False, True, False, True]


@settings(max_examples=30)
@given(seeds, st.floats(0.3, 1.0), st.integers(0, 60))
def test_light_that_is_switched_or_dimmed_changes_no_scene(seed, gain, offset):
    """Neither brightness nor contrast counts."""
    scene, picture = Scene(), shot(seed) // 2
    scene.changes(picture)
    assert not scene.changes((picture * gain + offset).astype(np.uint8))


@settings(max_examples=30)
@given(seeds, st.integers(0, 420), st.integers(0, 260))
def test_somebody_who_walks_through_changes_no_scene(seed, left, top):
    """Up to a fifth of the picture."""
    scene, picture = Scene(), shot(seed)
    scene.changes(picture)
    picture[top : top + 220, left : left + 220] = 15
    assert not scene.changes(picture)


def test_darkness_is_no_scene_and_what_comes_after_it_is_held_against_what_was_before():
    """The light goes out for a moment; or a film fades to black between two scenes."""
    scene, dark = Scene(), np.full((480, 640, 3), 3, np.uint8)
    assert [scene.changes(each) for each in (shot(1), dark, shot(1), dark, shot(2))] == [False] * 4 + [True]


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (33, 19), (8, 6)])
def test_any_size_will_do(size):
    """A film may change its size within a scene."""
    small = thumbnail(shot(3, *size))
    assert small.shape == SIZE_PX[::-1]
    assert likeness(small, small) == pytest.approx(1.0, abs=1e-5)
    if min(size) > 100:
        assert likeness(small, thumbnail(shot(3))) > 0.95
    assert abs(likeness(small, thumbnail(a_picture(seed=9)))) <= 1.0
