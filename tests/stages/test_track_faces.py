"""TrackFaces: the same number for the same face, and a look at those of its frames that are worth it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.vision import Glimpse, TrackedFace
from edged.stages.track_faces import (
    TrackFaces,
    TrackingConfig,
    distance,
    eye_distance,
    frontality,
    pair,
    quality_of,
    sharpness_and_light,
)
from tests.faces import PICTURE, a_face, a_picture, detected

FRAME_S = 0.1
faces = st.builds(a_face, st.floats(-50, 600), st.floats(-50, 400), st.floats(20, 200))


def follow(stage, *frames, first_s=0.0):
    return [list(stage(detected(first_s + n * FRAME_S, *found))) for n, found in enumerate(frames)]


def numbers(tracked):
    return [[item.track for item in frame] for frame in tracked]


def test_a_face_that_moves_keeps_its_number():
    """Two faces walk towards one another, in whatever order the detector names them."""
    one, two = ([a_face(x=start + n * speed) for n in range(10)] for start, speed in ((50, 12), (400, -12)))
    frames = [(a, b) if n % 2 else (b, a) for n, (a, b) in enumerate(zip(one, two, strict=True))]
    assert numbers(follow(TrackFaces(TrackingConfig()), *frames)) == [[2, 1] if n % 2 else [1, 2] for n in range(10)]


def test_a_short_miss_keeps_the_number_and_a_long_one_does_not():
    """Lost after ``lost_s``; the number is never used again."""
    stage = TrackFaces(TrackingConfig(lost_s=1.0))
    follow(stage, [a_face()], [])
    assert numbers(follow(stage, [a_face()], first_s=0.9)) == [[1]]
    assert numbers(follow(stage, [a_face()], first_s=2.0)) == [[2]]


def test_another_place_or_size_is_another_face():
    """Farther than ``reach`` widths away, or far larger."""
    stage = TrackFaces(TrackingConfig(reach=0.7))
    assert numbers(follow(stage, [a_face()], [a_face(x=190)], [a_face(x=190, side=200)])) == [[1], [2], [3]]


def test_after_the_end_of_a_stream_everybody_is_new():
    """Numbers go on counting."""
    stage = TrackFaces(TrackingConfig())
    follow(stage, [a_face()])
    assert list(stage.finish()) == []
    assert numbers(follow(stage, [a_face()])) == [[2]]


def test_after_a_cut_everybody_is_new_even_at_the_same_place():
    """Another scene: whoever is in it is not who was there before. The number goes with the scene, not the look."""
    stage, scenes = TrackFaces(TrackingConfig()), [a_picture(seed=seed) for seed in (1, 2)]
    shown = [scenes[number] for number in (0, 0, 1, 1, 0)]
    seen = [list(stage(detected(n * FRAME_S, a_face(), picture=each))) for n, each in enumerate(shown)]
    assert numbers(seen) == [[1], [1], [2], [2], [3]]


def test_the_first_frames_are_looked_at_and_then_now_and_then():
    """``first_looks`` at once, then one every ``look_s``; a glimpse of each other frame."""
    stage = TrackFaces(TrackingConfig(first_looks=2, look_s=0.5))
    kinds = [type(item) for (item,) in follow(stage, *[[a_face()]] * 12)]
    assert [n for n, kind in enumerate(kinds) if kind is TrackedFace] == [0, 1, 6, 11]
    assert kinds.count(Glimpse) == 8


def test_a_poor_face_is_not_looked_at_until_it_is_good():
    """Turned away, tiny, dark or doubtful: glimpses; and the first good one is looked at without delay."""
    stage = TrackFaces(TrackingConfig(min_quality=0.4))
    turned = a_face(turned=0.9)
    seen = follow(stage, [turned], [turned], [a_face()])
    assert [type(item) for (item,) in seen] == [Glimpse, Glimpse, TrackedFace]
    (dark,) = stage(detected(0.4, a_face(), picture=PICTURE // 16))
    assert isinstance(dark, Glimpse)
    assert isinstance(next(iter(stage(detected(0.5, a_face(x=400, side=16))))), Glimpse)
    assert isinstance(next(iter(stage(detected(0.6, a_face(x=250, score=0.6))))), Glimpse)


def test_a_clearly_better_face_is_looked_at_at_once():
    """Without waiting for ``look_s``; the quality says why."""
    stage = TrackFaces(TrackingConfig(first_looks=1, look_s=60, min_quality=0.1))
    seen = follow(stage, [a_face(turned=0.6)], [a_face(turned=0.6)], [a_face()], [a_face()])
    assert [type(item) for (item,) in seen] == [TrackedFace, Glimpse, TrackedFace, Glimpse]
    assert seen[0][0].quality.pose == pytest.approx(0.4, abs=0.01)
    assert seen[2][0].quality.overall > 1.25 * seen[0][0].quality.overall


def test_blur_darkness_glare_and_fog_cost_quality():
    """Each is seen in the figure that it belongs to; contrast does not pass for sharpness."""
    sharp = a_picture(64, 64)
    smooth = np.repeat(np.linspace(60, 200, 64).astype(np.uint8)[None, :, None], 64, 0).repeat(3, 2)
    assert sharpness_and_light(sharp)[0] > 0.8
    assert sharpness_and_light(smooth)[0] < 0.1
    assert sharpness_and_light(100 + sharp // 8)[0] > 0.8
    assert sharpness_and_light(sharp)[1] == 1
    for poor in (sharp // 16, 240 + sharp // 16, np.full_like(sharp, 120)):
        assert sharpness_and_light(poor)[1] < 0.5


def test_pose_is_told_by_the_nose_and_not_by_a_tilted_head():
    """1 straight, 0 to the side; the eyes' distance is measured along them; no keypoints: the box tells the size."""
    face = a_face()
    assert frontality(face.keypoints) == pytest.approx(1)
    assert frontality(a_face(turned=1).keypoints) == pytest.approx(0, abs=0.01)
    tilted = {name: (x - y, x + y) for name, (x, y) in face.keypoints.items()}
    assert frontality(tilted) == pytest.approx(1)
    assert frontality({}) == 1
    assert eye_distance(face) == pytest.approx(0.42 * 80)
    assert frontality(dict.fromkeys(("left_eye", "right_eye", "nose"), (1.0, 1.0))) == 0


@given(faces, st.booleans())
def test_quality_is_always_a_share(face, bright):
    """In [0, 1], wherever the box lies, even outside the picture."""
    quality = quality_of(face, PICTURE if bright else PICTURE // 8, 35.0)
    assert all(0 <= value <= 1 for value in (quality.size, quality.sharpness, quality.pose, quality.light))


@given(st.lists(faces, max_size=6), st.lists(faces, max_size=6))
def test_pairs_are_near_and_each_once(known, found):
    """No face is two, none is farther than the reach, and distance is the same both ways."""
    boxes, others = [face.box for face in known], [face.box for face in found]
    paired = pair(boxes, others, 1.0)
    assert len(set(paired.values())) == len(paired)
    assert all(distance(boxes[number], others[index]) <= 1.0 for index, number in paired.items())
    assert all(distance(a, b) == pytest.approx(distance(b, a)) for a in boxes for b in others)


@given(st.lists(st.lists(faces, max_size=4), max_size=30), st.integers(1, 4))
def test_any_frames_give_each_face_once_with_its_own_number(frames, max_tracks):
    """One answer for each face, in order; never two of a number in one frame; new numbers only rise."""
    stage, most = TrackFaces(TrackingConfig(max_tracks=max_tracks)), 0
    for found, items in zip(frames, follow(stage, *frames), strict=True):
        given_numbers = [item.track for item in items]
        assert len(set(given_numbers)) == len(found)
        new = [number for number in given_numbers if number > most]
        assert new == sorted(new)
        most = max([most, *new])
    assert len(stage._tracks) <= max_tracks
