"""Pace: how many of a camera's frames are looked at while the box sheds load."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.sources.camera import Camera, CameraConfig
from edged.sources.camera.pace import LEAST_FPS, Pace, SharedPace, Thinning
from tests.cameras import moving, write_video

gaps = st.lists(st.floats(0.001, 1), max_size=150)


@given(gaps, st.floats(0.5, 60))
def test_with_all_of_it_it_is_as_without(gaps, max_fps):
    """And nothing counts as shed."""
    shed: list[int] = []
    pace, shared = Pace(max_fps), SharedPace(max_fps, lambda: 1.0, lambda: shed.append(1))
    assert [pace.due(at_s) for at_s in np.cumsum(gaps)] == [shared.due(at_s) for at_s in np.cumsum(gaps)]
    assert not shed


@given(gaps, st.floats(0.5, 60), st.lists(st.floats(0.01, 1), min_size=1, max_size=150))
def test_whatever_the_share_each_frame_is_taken_or_counted_and_some_always_come(gaps, max_fps, shares):
    """Of those that are due: a camera without frames for some seconds would count as lost."""
    shed: list[float] = []
    now = {"share": 1.0, "at_s": 0.0}
    usual = Pace(max_fps)
    shared = SharedPace(max_fps, lambda: now["share"], lambda: shed.append(now["at_s"]))
    due, taken = [], []
    for number, at_s in enumerate(np.cumsum(gaps)):
        now.update(share=shares[number % len(shares)], at_s=at_s)
        if usual.due(at_s):
            due.append(at_s)
        if shared.due(at_s):
            taken.append(at_s)
    assert sorted(taken + shed) == due
    longest_s = 1 / min(max_fps, LEAST_FPS) + max(gaps, default=0.0) + 1 / max_fps
    assert all(after - before <= longest_s + 1e-6 for before, after in pairwise(taken))


@given(st.floats(0.01, 1), st.floats(2, 60), st.floats(2, 240))
def test_a_share_of_the_frames_is_taken(share, max_fps, fps):
    """In the long run, of those that come without it: also of a camera that gives fewer than it may."""
    usual, pace = Pace(max_fps), SharedPace(max_fps, lambda: share, lambda: None)
    times_s = [number / fps for number in range(400)]
    of = sum(usual.due(at_s) for at_s in times_s)
    taken = sum(pace.due(at_s) for at_s in times_s)
    assert share * of - 1 <= taken <= share * of + LEAST_FPS * times_s[-1] + 2


@given(st.lists(st.tuples(st.floats(0.01, 1), st.booleans()), max_size=200))
def test_thinning_takes_the_first_and_never_more_than_the_shares(told):
    """Nor much less, while it is always ready; what was missed while it was not is not made up for."""
    thinning, always = Thinning(), Thinning()
    taken = [thinning.due(share, ready=ready) for share, ready in told]
    in_all = sum(share for share, _ in told)
    assert sum(taken) <= in_all + 1 + 1e-3
    assert not any(due for due, (_, ready) in zip(taken, told, strict=True) if not ready)
    took = [always.due(share) for share, _ in told]
    assert sum(took) >= in_all - 1e-3
    assert took[:1] == [True] * bool(told)


def test_a_camera_gives_fewer_frames_when_it_is_told_and_all_of_them_again(tmp_path: Path):
    """While it is being read, from any thread; those left out are counted."""
    shed: list[int] = []
    path = write_video(tmp_path / "film.avi", [moving(number) for number in range(80)])
    now = {"share": 1.0}
    config = CameraConfig(file=path, realtime=False, loop=True, max_fps=8)
    camera = Camera(config, lambda: now["share"], lambda: shed.append(1))
    stream = (frame.at_s for frame in camera.stream() if frame is not None)

    def rate() -> float:
        times = [next(stream) for _ in range(20)]
        return 19 / (times[-1] - times[0])

    usual_fps = rate()
    assert not shed
    now["share"] = 0.25
    next(stream)
    assert rate() == pytest.approx(usual_fps / 4, rel=0.15)
    assert 40 <= len(shed) <= 80
    now["share"] = 1.0
    counted = len(shed)
    assert rate() == pytest.approx(usual_fps, rel=0.15)
    assert len(shed) == counted
