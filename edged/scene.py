"""Scene: whether a picture shows another scene than the one before it: a cut in a film, or a camera that was turned."""

import numpy as np
from numpy.typing import NDArray

from edged.messages.vision import Picture

SIZE_PX = (32, 18)
"""Width and height of what pictures are made for it."""
SAME = 0.4
"""Least likeness of two pictures of one scene. Of a fixed camera's pictures 0.1 to 0.9 s apart, with people walking
through them or close up (1,900 pairs), the least was 0.60; over the cuts of a film it was at most 0.25."""
FLAT = 3.0
"""A picture whose brightness varies by less (standard deviation, of 255 levels) shows no scene: the light went out."""

Thumbnail = NDArray[np.float32]


def thumbnail(picture: Picture) -> Thumbnail:
    """A picture in green alone, as large as ``SIZE_PX``, less its mean. Only every so many pixels are read."""
    import cv2

    down, across = (max(1, length // (2 * px)) for length, px in zip(picture.shape, SIZE_PX[::-1], strict=False))
    small = cv2.resize(np.ascontiguousarray(picture[::down, ::across, 1]), SIZE_PX, interpolation=cv2.INTER_AREA)
    grey = np.asarray(small, np.float32)
    return np.asarray(grey - grey.mean(), np.float32)


def likeness(one: Thumbnail, other: Thumbnail) -> float:
    """Their correlation, in [-1, 1]: how bright they are and how much contrast they have does not matter."""
    return float((one * other).sum() / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))


class Scene:
    """Remembers what it was shown last."""

    def __init__(self) -> None:
        self._last: Thumbnail | None = None

    def changes(self, picture: Picture) -> bool:
        """Whether it shows another scene than the picture before."""
        seen = thumbnail(picture)
        if float(seen.std()) < FLAT:
            return False
        before, self._last = self._last, seen
        return before is not None and likeness(before, seen) < SAME
