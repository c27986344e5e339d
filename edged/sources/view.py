"""View: what of a camera's picture the pipelines get to see: turned, cut, and black outside the regions of interest."""

from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from edged.areas import Area
from edged.messages.vision import Picture

Regions = tuple[Area, ...]


def cut(picture: Picture, area: Area) -> Picture:
    """The part of ``picture`` in ``area``, at least one pixel, not copied."""
    rows, columns = _slices(picture.shape[0], picture.shape[1], area)
    return picture[rows, columns]


@lru_cache(maxsize=32)
def inside(height: int, width: int, regions: Regions) -> NDArray[np.uint8]:
    """Shape (height, width), uint8: 255 in any of ``regions``, else 0. Not to be written to."""
    mask = np.zeros((height, width), np.uint8)
    for region in regions:
        mask[_slices(height, width, region)] = 255
    mask.flags.writeable = False
    return mask


def _slices(height: int, width: int, area: Area) -> tuple[slice, slice]:
    def pixels(size: int, begin: float, end: float) -> slice:
        first = min(round(begin * size), size - 1)
        return slice(first, max(round(end * size), first + 1))

    return pixels(height, area.top, area.bottom), pixels(width, area.left, area.right)


def view(picture: Picture, rotate: int, crop: Area | None, regions: Regions) -> Picture:
    """``picture`` turned clockwise by ``rotate`` degrees (0, 90, 180 or 270), then cut, then black outside ``regions``.

    Black rather than cut away: boxes stay in the frame's pixels however many regions there are, and what nobody is to
    look at (a neighbour's door) is gone before any stage, picture or log can have it.
    """
    import cv2

    seen: Any = picture  # to mypy OpenCV's arrays are of any number
    if rotate:
        seen = cv2.rotate(seen, rotate // 90 - 1)  # cv2.ROTATE_90_CLOCKWISE is 0, and so on
    if crop:
        seen = np.ascontiguousarray(cut(seen, crop))
    if regions:
        height, width = seen.shape[:2]
        seen = cv2.bitwise_and(seen, seen, mask=inside(height, width, regions))
    return cast("Picture", seen)
