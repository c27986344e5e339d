"""PictureCheck: each fault of the picture is a named condition in health, raised when it lasts, cleared when over."""

import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edged.errors import DeviceLostError
from edged.messages.health import State
from edged.messages.vision import Frame
from edged.runtime.health import Health
from edged.sources.picture_check import PictureCheck, PictureCheckConfig, faults, sample
from edged.sources.view import Area
from tests.cameras import moving

NOISE = np.random.default_rng(0).integers(0, 6, (240, 320, 3)).astype(np.uint8)
SIGHTS = {"dark": NOISE, "overexposed": NOISE + np.uint8(250), "covered": NOISE + np.uint8(120)}
FPS = 10


class Clock:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A source's health, with a check before it that is shown ten frames a second."""

    def __init__(self, *, live: bool = True, regions: tuple[Area, ...] = (), **config: float) -> None:
        self.clock = Clock()
        self.health = Health(self.clock)
        self.part = self.health.part("sources.camera")
        self.part.set(State.OK)
        self.check = PictureCheck(PictureCheckConfig(**config), self.part, regions=regions, live=live)
        self.frames = 0
        self.at_s = 0.0

    def see(self, picture: np.ndarray, seconds: float, *, still: bool = False) -> None:
        """The picture, by default with one pixel that is never the same twice running."""
        for _ in range(round(seconds * FPS)):
            self.frames += 1
            shown = picture.copy()
            if not still:
                shown[0, 0] ^= np.uint8(1 + self.frames % 2)
            frame = Frame(shown, self.at_s)
            self.at_s += 1 / FPS
            self.clock.now += 1 / FPS
            assert self.check(frame) is frame

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.part.snapshot().reasons


@pytest.mark.parametrize("name", PictureCheck.NAMES)
def test_a_condition_is_raised_when_it_lasts_and_cleared_when_it_is_over(name):
    """Shorter than ``after_s`` is nothing; then it is named with how long it lasts; a good one clears it at once."""
    bench = Bench(after_s=3)
    bench.see(moving(0), 1)
    bench.see(SIGHTS[name], 2.9)
    assert bench.reasons == ()
    bench.see(SIGHTS[name], 7.2)
    assert bench.reasons == (f"{name} for 10 s",)
    assert bench.part.state is State.DEGRADED
    bench.see(moving(0), 0.1)
    assert bench.reasons == ()
    assert bench.part.state is State.OK


@pytest.mark.parametrize("name", PictureCheck.NAMES)
def test_a_condition_that_pauses_begins_anew(name):
    """Only an unbroken condition counts."""
    bench = Bench(after_s=3)
    for _ in range(4):
        bench.see(SIGHTS[name], 2.5)
        bench.see(moving(0), 0.2)
        assert bench.reasons == ()


def test_a_camera_that_is_frozen_is_lost_until_it_moves():
    """After ``frozen_s``; opened anew it is lost at its first frame, with the time that it lasts; then all is well."""
    bench = Bench(frozen_s=4)
    with pytest.raises(DeviceLostError, match="the picture does not change"):
        bench.see(moving(0), 60, still=True)
    assert bench.at_s == pytest.approx(4.1)
    for _ in range(3):
        bench.at_s = 0.0
        bench.clock.now += 5
        with pytest.raises(DeviceLostError):
            bench.see(moving(0), 1, still=True)
    assert bench.reasons == ("frozen for 19 s",)
    bench.at_s = 0.0
    bench.see(moving(1), 3.9, still=True)
    assert bench.reasons == ()


def test_a_file_is_only_said_to_be_frozen():
    """It would show the same once more."""
    bench = Bench(frozen_s=4, live=False)
    bench.see(moving(0), 10, still=True)
    assert bench.reasons == ("frozen for 10 s",)
    bench.see(moving(1), 0.1)
    assert bench.reasons == ()


def test_a_lasting_condition_changes_health_once():
    """No flood: health's revision moves when the condition comes and when it goes."""
    bench = Bench(after_s=1)
    before = bench.health.revision
    bench.see(SIGHTS["dark"], 10)
    bench.see(moving(0), 10)
    assert bench.health.revision == before + 2


def test_a_stream_that_begins_anew_does_not_hide_a_condition():
    """A camera that was opened again counts from 0: what is still dark is named again after ``after_s``."""
    bench = Bench(after_s=3)
    bench.see(SIGHTS["dark"], 30)
    bench.at_s = 0.0
    bench.see(SIGHTS["dark"], 3.5)
    assert bench.reasons[0].startswith("dark for 3")


def test_what_is_blackened_is_not_dark():
    """Only the regions of interest are looked at: for darkness, and for what stands still."""
    picture = np.zeros_like(NOISE)
    picture[:24, :32] = moving(0)[:24, 100:132]
    corner = Area(right=0.1, bottom=0.1)
    assert faults(sample(picture), PictureCheckConfig()) == {"dark"}
    assert faults(sample(picture, (corner,)), PictureCheckConfig(contrast=0)) == set()
    bench = Bench(regions=(corner,), after_s=1, contrast=0)
    bench.see(picture, 10)
    assert bench.reasons == ()


def test_dim_and_bright_scenes_are_no_fault():
    """A scene keeps its detail from a quarter of the brightness up to twice of it."""
    for gain in (0.25, 0.5, 1, 2):
        picture = np.clip(moving(0) * gain, 0, 255).astype(np.uint8)
        assert faults(sample(picture), PictureCheckConfig()) == set()


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=90).map(lambda s: (*s, 3))))
def test_a_picture_of_any_size_has_one_fault_at_most(picture):
    """One pixel too; the same picture gives the same samples, as few as the grid has."""
    samples = sample(picture, (Area(), Area(left=0.9)))
    assert len(samples) <= 2 * 48 * 64
    assert len(faults(samples, PictureCheckConfig())) <= 1
    np.testing.assert_array_equal(samples, sample(picture.copy(), (Area(), Area(left=0.9))))


@given(st.integers(0, 47), st.integers(0, 63))
def test_a_small_picture_is_seen_whole(row, column):
    """Where the grid has as many points as the picture has pixels, one pixel that moves is enough."""
    picture = moving(0, 64, 48)
    other = picture.copy()
    other[row, column, 1] ^= 1
    assert not np.array_equal(sample(picture), sample(other))


def test_a_sensor_that_hisses_is_never_frozen():
    """A dark room at rest: noise of one step in some pixels is enough."""
    bench = Bench(frozen_s=4, dark=0, contrast=0)
    noise = np.random.default_rng(1)
    for _ in range(100):
        bench.see(noise.integers(0, 2, (240, 320, 3)).astype(np.uint8), 0.1, still=True)
    assert bench.reasons == ()


def test_it_costs_next_to_nothing():
    """A full HD frame takes 0.3 ms at most (the median of many)."""
    check = Bench().check
    large = cv2.resize(moving(0), (1920, 1080))
    took = []
    for number in range(200):
        large[0, 0] = number
        began = time.thread_time()
        check(Frame(large, number / FPS))
        took.append(time.thread_time() - began)
    assert np.median(took) < 0.3e-3
