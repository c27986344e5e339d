"""GateMotion: an empty scene costs nothing, and nothing that moves is missed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.runtime.health import Health
from edged.stages.gate_motion import GateMotion, MotionConfig, moving_share, small_grey, watched
from tests.objects import a_frame

WIDTH, HEIGHT = 320, 240
CHANCE = np.random.default_rng(0)
SCENE = CHANCE.integers(40, 200, (HEIGHT // 8, WIDTH // 8, 3)).repeat(8, 0).repeat(8, 1)
NOISE = CHANCE.normal(0, 5, (4, HEIGHT, WIDTH, 3))


def scene(number: int, block: tuple[int, int] | None = None, brighter: float = 0.0) -> np.ndarray:
    """A place with a sensor's noise; ``block``: where something of 24 pixels is."""
    picture = SCENE + NOISE[number % 4] + brighter
    if block:
        x, y = block
        picture[y : y + 24, x : x + 24] = 250 if picture[y, x].mean() < 128 else 5
    return np.clip(picture, 0, 255).astype(np.uint8)


def passing(gate, pictures, first=0):
    """The numbers of the frames that pass, 10 a second."""
    return [n for n, picture in enumerate(pictures, first) if list(gate(a_frame(n / 10, picture)))]


def a_gate(busy=lambda _now_s: False, **config):
    return GateMotion(MotionConfig(**config), Health().part("p"), busy)


def test_an_empty_scene_is_looked_at_every_now_and_then():
    """The first frame, and then as often as ``look_every_s``; health counts the others."""
    health = Health().part("p")
    gate = GateMotion(MotionConfig(look_every_s=3.0), health)
    assert passing(gate, [scene(n) for n in range(70)]) == [0, 30, 60]
    assert health.snapshot().counters["still"] == 67


def test_what_moves_opens_it_at_once_and_for_a_while():
    """From the frame with the motion until ``hold_s`` after the last."""
    gate = a_gate(hold_s=0.5, background_s=0.2)
    passing(gate, [scene(n) for n in range(20)])
    moved = [scene(n, (20 + 8 * n, 100)) for n in range(20)] + [scene(n) for n in range(60)]
    seen = passing(gate, moved, first=20)
    assert seen[:20] == list(range(20, 40))
    assert 45 <= seen[-1] <= 60
    assert seen == list(range(20, seen[-1] + 1))


def test_a_cloud_or_an_exposure_is_no_motion():
    """All of the picture brighter or darker, slowly or at once."""
    gate = a_gate()
    slowly = [scene(n, brighter=20 * np.sin(n / 20)) for n in range(60)]
    assert passing(gate, slowly) == [0]
    assert passing(gate, [scene(n, brighter=25) for n in range(20)], first=60) == []


def test_what_comes_to_stand_still_becomes_the_background():
    """The gate closes again although it is still there; and it is not blind to what goes away again."""
    gate = a_gate(hold_s=0.3, background_s=1.0, look_every_s=1000)
    passing(gate, [scene(n) for n in range(10)])
    stays = passing(gate, [scene(n, (100, 100)) for n in range(100)], first=10)
    assert stays[0] == 10
    assert stays[-1] < 60
    assert passing(gate, [scene(0)], first=110) == [110]


def test_it_is_open_while_objects_are_followed():
    """Whoever follows them says so."""
    gate = a_gate(busy=lambda now_s: 1.0 <= now_s < 2.0)
    assert passing(gate, [scene(n) for n in range(40)]) == [0, *range(10, 20)]


def test_off_it_lets_everything_pass():
    """By choice."""
    assert passing(a_gate(enabled=False), [scene(0)] * 5) == [0, 1, 2, 3, 4]


def test_motion_behind_a_mask_does_not_count():
    """A flag may wave; beside it nothing may."""
    masks = (((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)),)
    gate = a_gate(masks=masks)
    passing(gate, [scene(n) for n in range(10)])
    assert passing(gate, [scene(n, (20 + 5 * n, 100)) for n in range(20)], first=10) == []
    assert passing(gate, [scene(0, (250, 100))], first=30) == [30]
    everywhere = watched(90, 160, (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),))
    assert not everywhere.any()


def test_after_an_interruption_or_with_another_view_it_begins_anew():
    """One frame is looked at; another place is no motion."""
    gate = a_gate()
    passing(gate, [scene(n) for n in range(10)])
    assert list(gate.finish()) == []
    assert passing(gate, [255 - scene(0), 255 - scene(1)], first=10) == [10]
    assert passing(gate, [scene(0)[:120], scene(1)[:120]], first=12) == [12]


@settings(max_examples=30)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(16, 200))
def test_a_picture_of_any_size_is_made_small(width, height, width_px):
    """Never wider than asked, never empty, and level stays level."""
    small = small_grey(np.full((height, width, 3), 77, np.uint8), width_px)
    assert small.shape[1] == min(width, width_px)
    assert small.shape[0] >= 1
    assert small == pytest.approx(77)


@given(st.integers(0, 59), st.integers(0, 79), st.floats(15, 100))
def test_the_share_that_moves_is_what_differs_from_the_rest(row, column, more):
    """One pixel of 4,800; and as much, where all the others are brighter too."""
    before, counts = np.full((60, 80), 100, np.float32), np.ones((60, 80), bool)
    now = before.copy()
    now[row, column] += np.float32(more)
    assert moving_share(now, before, 14, counts) == pytest.approx(1 / 4800)
    assert moving_share(now + 50, before, 14, counts) == pytest.approx(1 / 4800)
    assert moving_share(now, before, 14, ~counts) == 0
