"""GateMotion: lets a frame pass when something moves in it, so that an empty scene costs next to nothing.

Frames are made small and grey and held against a background that follows them slowly. Something moves where enough of
them differs from it by more than the whole picture does: a cloud or the camera's exposure is no motion.
"""

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.areas import Polygon
from edged.config import Section
from edged.messages.vision import Frame, Picture
from edged.runtime.health import Part

Grey = NDArray[np.float32]
"""Shape (height, width), levels 0 to 255."""


class MotionConfig(Section):
    """When a frame is worth looking for objects in."""

    enabled: bool = True
    """When off, every frame is."""
    width_px: int = Field(160, ge=16, le=640)
    """Frames are made as narrow as this to look for motion: what is smaller than one of its pixels is hardly seen."""
    level: float = Field(14.0, gt=0, le=255)
    """A pixel moves when it differs by this many of 255 levels from the background, and from what the others do."""
    share: float = Field(0.001, gt=0, le=1)
    """Something moves when this share of the pixels does."""
    background_s: float = Field(5.0, gt=0)
    """The background takes on what stands still within about this time."""
    hold_s: float = Field(2.0, ge=0)
    """After motion, frames are looked at for this long; and while an object is followed that moved of late."""
    look_every_s: float = Field(10.0, gt=0)
    """One frame is looked at this often all the same, so that what stands still is seen."""
    masks: tuple[Polygon, ...] = Field((), max_length=16)
    """Where motion does not count, such as a flag or a clock: polygons of [x, y] in shares of the picture's width and
    height; [[[0, 0], [1, 0], [1, 0.1], [0, 0.1]]] is a strip along the upper edge. What is looked for in frames that
    pass is looked for there too."""


def small_grey(picture: Picture, width_px: int) -> Grey:
    """A picture in green alone, as wide as ``width_px`` and as high as keeps its shape; rows that vanish are skipped.

    Only every so many rows and columns are read: two for each of the pixels it is to have, which are then averaged.
    """
    import cv2

    height, width = picture.shape[:2]
    small = (min(width_px, width), max(1, round(height * min(1.0, width_px / width))))
    step = max(1, width // (2 * small[0]))
    some = np.ascontiguousarray(picture[::step, ::step, 1])
    return np.asarray(cv2.resize(some, small, interpolation=cv2.INTER_AREA), np.float32)


@lru_cache(maxsize=32)
def watched(height: int, width: int, masks: tuple[Any, ...]) -> NDArray[np.bool_]:
    """Shape (height, width): where motion counts. Not to be written to."""
    import cv2

    counts = np.ones((height, width), np.uint8)
    for corners in masks:
        cv2.fillPoly(counts, [np.rint(np.array(corners) * (width - 1, height - 1)).astype(np.int32)], (0,))
    seen = counts.astype(bool)
    seen.flags.writeable = False
    return seen


def moving_share(grey: Grey, background: Grey, level: float, counts: NDArray[np.bool_]) -> float:
    """The share of the pixels that move, in [0, 1], of all: 0 where none counts."""
    change = grey - background
    change -= np.median(change[::2, ::2])
    moving: NDArray[np.bool_] = np.abs(change) > level
    return int(np.count_nonzero(moving & counts)) / moving.size


class GateMotion:
    """Holds the background, and until when it is open."""

    def __init__(
        self,
        config: MotionConfig,
        health: Part,
        busy: Callable[[float], bool] = lambda _now_s: False,
    ) -> None:
        """``busy(now_s)``: whether objects are being followed that must be looked at. ``health`` counts ``still``."""
        self._config, self._health, self._busy = config, health, busy
        self._background: Grey | None = None
        self._last_s = self._moved_s = self._looked_s = -math.inf

    def __call__(self, frame: Frame) -> Iterable[Frame]:
        if not self._config.enabled or self._opens(frame):
            self._looked_s = frame.at_s
            return (frame,)
        self._health.count("still")
        return ()

    def finish(self) -> tuple[()]:
        """The stream stops here: what comes next may show another place."""
        self._background = None
        self._last_s = self._moved_s = self._looked_s = -math.inf
        return ()

    def _opens(self, frame: Frame) -> bool:
        now_s, config = frame.at_s, self._config
        if self._moves(frame):
            self._moved_s = now_s
        held = now_s - self._moved_s <= config.hold_s
        return held or now_s - self._looked_s >= config.look_every_s or self._busy(now_s)

    def _moves(self, frame: Frame) -> bool:
        """Whether anything does; the background takes on a little of the frame."""
        config = self._config
        grey = small_grey(frame.picture, config.width_px)
        background, past_s = self._background, frame.at_s - self._last_s
        self._last_s = frame.at_s
        if background is None or background.shape != grey.shape:
            self._background, self._looked_s = grey, -math.inf  # a new view: it is looked at, once
            return False
        height, width = grey.shape
        share = moving_share(grey, background, config.level, watched(height, width, config.masks))
        background += (grey - background) * np.float32(-math.expm1(-max(0.0, past_s) / config.background_s))
        return share >= config.share
