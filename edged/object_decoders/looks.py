"""Puts together what a detector found in several looks at one frame: each object once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edged.messages.vision import Box
from edged.object_decoders.layouts import Found
from edged.vision import iou, nms

SAME_PLACE = 0.85
"""Boxes of two labels with more overlap are one object that the model is of two minds about; the surer one counts."""
NESTED, NESTED_SHARE = 0.35, 0.9
"""Of two boxes of a label that have this overlap, one of which lies in the other by this share, the less sure is not
another object: seen of people who lean or leave the picture, where plain suppression left two in one frame of fifty."""
CUT_SHARE = 0.6
"""An object that is cut off at a part's edge is another look's when this share of it lies in what that one found."""
EDGE = 0.02
"""Of a part's width or height: a box as near to its edge as this is cut off there."""


def cut_off(boxes: NDArray[np.float32], part: Box, whole: Box) -> NDArray[np.bool_]:
    """Which of the boxes, (n, 4), reach to an edge of ``part`` that is not the frame's own."""
    near = np.array([part.width, part.height] * 2) * EDGE
    inner = np.abs(np.array(part) - np.array(whole)) > 1
    reaches: NDArray[np.bool_] = ((np.abs(boxes - np.array(part)) <= near) & inner).any(axis=1)
    return reaches


def share_in(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of each box lies in each other one, (n, 4) and (m, 4) -> (n, m), in [0, 1]."""
    common = iou(boxes, others)
    areas, other_areas = (np.prod(np.maximum(each[:, 2:] - each[:, :2], 1e-9), axis=1) for each in (boxes, others))
    return np.asarray(common / (1 + common) * (areas[:, None] + other_areas) / areas[:, None], np.float32)


def nested(found: Found) -> NDArray[np.bool_]:
    """Which of them are part of a surer one that stands before them."""
    shares = share_in(found.boxes, found.boxes)
    alike = found.classes[:, None] == found.classes
    one = (iou(found.boxes, found.boxes) >= NESTED) & (np.maximum(shares, shares.T) >= NESTED_SHARE) & alike
    inside: NDArray[np.bool_] = np.tril(one, -1).any(axis=1)
    return inside


def merge(looks: Sequence[Found], parts: Sequence[Box], overlap: float) -> Found:
    """``looks[0]`` is at the whole frame, ``parts[0]``; boxes are in its pixels. The surest first."""
    found = Found(*(np.concatenate(each) for each in zip(*looks, strict=True)))
    cut = np.concatenate([cut_off(look.boxes, part, parts[0]) for look, part in zip(looks, parts, strict=True)])
    alike = found.classes[:, None] == found.classes
    known_whole = (share_in(found.boxes, found.boxes) >= CUT_SHARE) & alike & ~cut[None, :]
    found = found.rows(~(cut & known_whole.any(axis=1)))
    if not len(found.scores):
        return found
    apart = (found.classes * np.float64(4 * max(parts[0].right, parts[0].bottom)))[:, None]
    found = found.rows(np.array(nms(found.boxes + apart, found.scores, overlap)))  # each label by itself
    found = found.rows(np.array(nms(found.boxes, found.scores, SAME_PLACE)))
    return found.rows(~nested(found))
