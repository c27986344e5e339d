"""Geometry: overlap, suppression, crops and similarity transforms, for any boxes and points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.vision import crop, iou, nms, similarity_transform, warp

number = st.floats(-500, 500, width=32)
side = st.floats(1, 300, width=32)
box = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), number, number, side, side)
boxes = st.lists(box, min_size=1, max_size=12)
angle = st.floats(-np.pi, np.pi)
SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)


def gradient(width: int, height: int) -> np.ndarray:
    """Blue tells x and green tells y, in steps of one."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.full_like(x, 255)], axis=-1).astype(np.uint8)


def similarity(turn: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])


def moved(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


@given(boxes, boxes)
def test_overlap_is_a_share_and_the_same_both_ways(some, others):
    """In [0, 1], symmetric, and 1 with itself."""
    shares = iou(some, others)
    assert shares.shape == (len(some), len(others))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert np.array_equal(shares, iou(others, some).T)
    assert np.allclose(np.diag(iou(some, some)), 1, atol=1e-3)


def test_overlap_of_known_boxes():
    """A quarter of each of two squares is common: 25 of 175; side by side have none; no box, no overlap."""
    assert iou([(0, 0, 10, 10)], [(5, 5, 15, 15), (10, 0, 20, 10)]).tolist() == [[pytest.approx(25 / 175), 0]]
    assert iou([(3, 3, 3, 3)], [(3, 3, 3, 3)]).tolist() == [[0]]
    assert iou([], [(0, 0, 1, 1)]).shape == (0, 1)


@given(boxes, st.floats(0, 1), st.randoms(use_true_random=False))
def test_suppression_keeps_the_best_of_each_crowd(some, overlap, random):
    """What is kept overlaps with nothing kept, and what is dropped overlaps with something better that is kept."""
    scores = np.array([random.uniform(0.01, 1) for _ in some], np.float32)
    kept = nms(some, scores, overlap)
    shares = iou(some, some)
    assert scores[kept].tolist() == sorted(scores[kept].tolist(), reverse=True)
    assert all(shares[a, b] <= overlap + 1e-5 for a in kept for b in kept if a != b)
    for dropped in set(range(len(some))) - set(kept):
        assert any(shares[dropped, k] > overlap - 1e-5 and scores[k] >= scores[dropped] for k in kept)


@given(box, st.integers(1, 64), st.integers(1, 64))
def test_a_crop_has_the_size_that_was_asked_for(place, width, height):
    """Wherever the box is, and black where it shows nothing."""
    cropped = crop(gradient(60, 40), place, (width, height))
    assert cropped.shape == (height, width, 3)
    assert cropped.dtype == np.uint8
    if place[2] < 0 or place[0] > 60 or place[3] < 0 or place[1] > 40:
        assert not cropped.any()


def test_a_crop_shows_the_box_and_black_round_the_picture():
    """Pixel by pixel where nothing is scaled; a grey picture crops as well; the crop is not a view of the picture."""
    picture = gradient(60, 40)
    cropped = crop(picture, (-5, 10, 15, 50), (20, 40))
    assert np.array_equal(cropped[:30, 5:], picture[10:40, :15])
    assert not cropped[:, :5].any()
    assert not cropped[30:].any()
    assert crop(picture[..., 0], (0, 0, 60, 40), (6, 4)).shape == (4, 6)


def test_a_shrunk_crop_skips_no_pixel():
    """A fine chequerboard becomes grey and not black or white."""
    board = np.indices((480, 640)).sum(axis=0)[..., None].repeat(3, axis=-1) % 2 * 255
    shrunk = crop(board.astype(np.uint8), (0, 0, 640, 480), (160, 120))
    assert np.abs(shrunk.astype(int) - 128).max() <= 1


@given(st.integers(100, 250), st.integers(60, 250), st.integers(10, 100))
def test_a_shrunk_crop_is_in_its_place(width, height, size):
    """A gradient's value tells whence each pixel came: to within a pixel of the result."""
    shrunk = crop(gradient(width, height), (0, 0, width, height), (size, size)).astype(float)
    whence = (np.arange(size) + 0.5) / size
    assert np.abs(shrunk[size // 2, :, 0] + 0.5 - whence * width).max() <= max(width / size, 1)
    assert np.abs(shrunk[:, size // 2, 1] + 0.5 - whence * height).max() <= max(height / size, 1)


@given(angle, st.floats(0.1, 10), st.tuples(number, number))
def test_a_similarity_is_found_again(turn, scale, shift):
    """Turn, scale and shift of points that were moved by nothing else."""
    matrix = similarity(turn, scale, shift)
    assert np.allclose(similarity_transform(SQUARE, moved(matrix, SQUARE)), matrix, atol=1e-6)


@given(st.lists(st.tuples(number, number), min_size=4, max_size=4), angle, st.floats(0.5, 2))
def test_no_similarity_is_nearer_to_the_template(template, turn, scale):
    """Least squares: no other turn or scale leaves less."""
    found = similarity_transform(SQUARE, template)
    other = similarity(0, 1, (0, 0))
    other[:, :2] = found[:, :2] @ similarity(turn, scale, (0, 0))[:, :2]
    other[:, 2] = np.mean(template, axis=0) - other[:, :2] @ SQUARE.mean(axis=0)
    left, left_by_other = (((moved(matrix, SQUARE) - template) ** 2).sum() for matrix in (found, other))
    assert left <= left_by_other * (1 + 1e-9) + 1e-6


def test_a_mirror_image_is_not_mirrored_back():
    """A face has its right eye on its own right: the transform turns, and never flips."""
    matrix = similarity_transform(SQUARE, SQUARE * [-1, 1])
    assert np.linalg.det(matrix[:, :2]) >= 0


@pytest.mark.parametrize("point", [(3.0, 3.0), (np.nan, 3.0)])
def test_points_that_are_one_have_no_scale(point):
    """Said with the points, and what they must be."""
    with pytest.raises(ValueError, match="must be at least two that differ"):
        similarity_transform([point] * 4, SQUARE)


def test_warping_takes_points_to_points():
    """A shift by whole pixels moves the pixels; twice as large puts the middles of pixels where the crop puts them."""
    picture = gradient(60, 40)
    assert np.array_equal(warp(picture, similarity(0, 1, (-10, -5)), (20, 20)), picture[5:25, 10:30])
    doubled = warp(picture, similarity(0, 2, (0, 0)), (120, 80))
    cropped = crop(picture, (0, 0, 60, 40), (120, 80))
    assert np.abs(doubled[2:-2, 2:-2].astype(int) - cropped[2:-2, 2:-2]).max() <= 1
