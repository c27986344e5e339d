"""Geometry of pictures that several stages need: how boxes overlap, crops, and faces turned upright.

OpenCV is imported where it is used: a box without cameras has the settings of faces too, but does not pay 18 MB for it.

Points are as in :mod:`edged.messages.vision`: whole numbers are pixels' left and upper edges, so that scaling a picture
scales its points, with no half pixels to mind.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edged.scaling import SMALLER, Picture, Size, scale

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels, as :class:`~edged.messages.vision.Box`."""
Matrix = NDArray[np.float64]
"""Shape (2, 3): point -> matrix @ (x, y, 1)."""


def iou(boxes: ArrayLike, others: ArrayLike) -> NDArray[np.float32]:
    """Intersection over union of each with each: (n, 4) and (m, 4) -> (n, m), in [0, 1]; 0 where both have no area."""
    one = np.asarray(boxes, np.float32).reshape(-1, 1, 4)
    other = np.asarray(others, np.float32).reshape(1, -1, 4)
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    common = _area(sides)
    union = _area(one[..., 2:] - one[..., :2]) + _area(other[..., 2:] - other[..., :2]) - common
    share: NDArray[np.float32] = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return share


def _area(sides: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of widths and heights, (..., 2) -> (...); 0 where one of them is negative."""
    held = np.maximum(sides, 0)
    area: NDArray[np.float32] = held[..., 0] * held[..., 1]
    return area


def nms(boxes: ArrayLike, scores: NDArray[np.float32], overlap: float) -> list[int]:
    """The indices of the boxes, (n, 4), to keep, the best first: none has an IoU above ``overlap`` with a better one.

    Greedy non-maximum suppression; scores must be above 0.
    """
    import cv2

    places = np.asarray(boxes, np.float64).reshape(-1, 4)
    sized = np.hstack([places[:, :2], places[:, 2:] - places[:, :2]])
    return [int(index) for index in cv2.dnn.NMSBoxes(sized, scores, 0.0, overlap)]  # type: ignore[arg-type]  # its stubs know no arrays


def crop(picture: Picture, box: Rectangle, size: Size) -> Picture:
    """What ``box`` shows of the picture, scaled to ``size``; black where it reaches over the edges. To be read only.

    The box's edges are rounded to whole pixels; what is shrunk is true to within a pixel of the result.
    """
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    scale_x, scale_y = size[0] / max(right - left, 1e-6), size[1] / max(bottom - top, 1e-6)
    inside_x, inside_y = _overlap(left, right, width), _overlap(top, bottom, height)
    onto_x = [min(max(round((x - left) * scale_x), 0), size[0]) for x in inside_x]
    onto_y = [min(max(round((y - top) * scale_y), 0), size[1]) for y in inside_y]
    onto = (onto_x[1] - onto_x[0], onto_y[1] - onto_y[0])
    if min(onto) <= 0 or inside_x[0] >= inside_x[1] or inside_y[0] >= inside_y[1]:
        return np.zeros((size[1], size[0], *picture.shape[2:]), np.uint8)
    inside = picture[inside_y[0] : inside_y[1], inside_x[0] : inside_x[1]]
    scaled = SMALLER.to(picture, onto) if inside.shape == picture.shape else scale(inside, onto)
    if onto == size:
        return scaled
    cropped = np.zeros((size[1], size[0], *picture.shape[2:]), np.uint8)
    cropped[onto_y[0] : onto_y[1], onto_x[0] : onto_x[1]] = scaled
    return cropped


def _overlap(begin: float, end: float, length: int) -> tuple[int, int]:
    """The whole pixels of [begin, end] that are in [0, length]."""
    return min(max(round(begin), 0), length), min(max(round(end), 0), length)


def similarity_transform(points: ArrayLike, template: ArrayLike) -> Matrix:
    """The turn, scale and shift that bring ``points`` nearest to ``template``; both (n, 2), n >= 2, in the same order.

    Least squares, never a mirror image. What Umeyama, IEEE PAMI 13 (1991) 376, eq. 40-43 gives in any dimension is in
    the plane a straight line through complex numbers: target = turn x source + shift.
    ValueError where the points are all one and the same: no scale can be told.
    """
    source, target = (np.asarray(each, np.float64) @ (1, 1j) for each in (points, template))
    source_mean, target_mean = source.mean(), target.mean()
    spread = source - source_mean
    variance = np.vdot(spread, spread).real
    if not variance > 0:
        told = np.asarray(points).tolist()
        raise ValueError(f"points {told}: all the same or not numbers, must be at least two that differ")
    turn = np.vdot(spread, target - target_mean) / variance
    shift = target_mean - turn * source_mean
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def warp(picture: Picture, matrix: Matrix, size: Size) -> Picture:
    """The picture moved by ``matrix``, which takes its points to those of the result of ``size``; black outside."""
    import cv2

    centred = matrix.copy()
    centred[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5  # OpenCV's whole numbers are the middles of pixels
    return np.asarray(cv2.warpAffine(picture, centred, size, flags=cv2.INTER_LINEAR), np.uint8)
