"""From what a face detector's last layer gives to boxes and keypoints.

Everything is in fractions of the picture that the model saw: (0, 0) its left upper corner, (1, 1) its right lower one.
"""

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Candidates(NamedTuple):
    """What may be faces: many for each face."""

    boxes: Floats
    """Shape (n, 4): left, top, right, bottom."""
    keypoints: Floats
    """Shape (n, k, 2): x, y; k is 0 for a model that has none."""


@cache
def blaze_anchors(grids: tuple[tuple[int, int], ...]) -> Floats:
    """Centres x, y of BlazeFace's anchors, shape (n, 2): for each grid (cells a side, anchors a cell), row by row."""
    centres = [
        ((x + 0.5) / cells, (y + 0.5) / cells)
        for cells, per_cell in grids
        for y, x, _ in product(range(cells), range(cells), range(per_cell))
    ]
    return np.array(centres, np.float32)


def decode_blaze(raw: Floats, anchors: Floats, side_px: int) -> Candidates:
    """Offsets in pixels from the anchor: centre x, y, width, height, then x, y of each keypoint.

    ``raw`` (n, 4 + 2k) and ``anchors`` (n, 2) -> Candidates. Bazarevsky et al., BlazeFace (2019), and MediaPipe's
    tensors_to_detections_calculator.
    """
    offsets = (raw / np.float32(side_px)).reshape(len(raw), -1, 2)
    points = offsets + anchors[:, None]
    centre, half = points[:, 0], offsets[:, 1] / 2
    return Candidates(np.hstack([centre - half, centre + half]), points[:, 2:])


@cache
def ssd_priors(size: tuple[int, int], strides: tuple[int, ...], sizes: tuple[tuple[int, ...], ...]) -> Floats:
    """Centre x, y, width, height of UltraFace's priors, shape (n, 4), for an input of ``size`` (width, height).

    One cell for each ``stride`` pixels begun, one square prior for each of its ``sizes`` in pixels; held to [0, 1].
    """
    width, height = size
    priors = [
        ((x + 0.5) * stride / width, (y + 0.5) * stride / height, side / width, side / height)
        for stride, sides in zip(strides, sizes, strict=True)
        for y, x, side in product(range(-(-height // stride)), range(-(-width // stride)), sides)
    ]
    return np.clip(np.array(priors, np.float32), 0, 1)


def decode_ssd(raw: Floats, priors: Floats, variances: Sequence[float]) -> Candidates:
    """Offsets from the prior, (n, 4) both -> Candidates. Liu et al., SSD (2016), eq. 2, with variances."""
    centre = priors[:, :2] + raw[:, :2] * np.float32(variances[0]) * priors[:, 2:]
    half = priors[:, 2:] * np.exp(raw[:, 2:] * np.float32(variances[1])) / 2
    return Candidates(np.hstack([centre - half, centre + half]), np.empty((len(raw), 0, 2), np.float32))


def sigmoid(logits: Floats) -> Floats:
    """Scores in [0, 1]; beyond ±80 as at ±80, where float32 ends."""
    scores: Floats = np.float32(1) / (np.float32(1) + np.exp(-np.clip(logits, -80, 80)))
    return scores
