"""Scaling: pictures in other sizes, made once for all pipelines that look at the same one."""

import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]
"""Width and height in pixels."""
Picture = NDArray[np.uint8]
MOST_PICTURES = 32
"""Whose smaller ones are kept while somebody has the picture itself: as many as there may be cameras."""
MOST_SIZES = 8
"""Of one picture; each is that of some model's input."""


def scale(picture: Picture, size: Size) -> Picture:
    """A new picture in that size, true to within a pixel of the result.

    It is halved, each pixel the mean of 2 x 2, as often as leaves no less than the size; what is left is interpolated,
    which skips no pixel then. OpenCV's INTER_AREA in one step does the same and takes five to ten times as long: it is
    quick for halves alone.
    """
    while _may_be_halved(picture, size):
        picture = _half(picture)
    return _interpolated(picture, size)


def _may_be_halved(picture: Picture, least: Size) -> bool:
    return bool(picture.shape[1] >= 2 * least[0] and picture.shape[0] >= 2 * least[1])


def _half(picture: Picture) -> Picture:
    import cv2

    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    even = picture[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _interpolated(picture: Picture, size: Size) -> Picture:
    import cv2

    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)


@dataclass(slots=True)
class _Made:
    """What there is of one picture."""

    of: weakref.ref[Picture]
    halves: list[Picture] = field(default_factory=list)
    sizes: dict[Size, Picture] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Smaller:
    """Each picture's half, quarter and so on, and each size of it, made once for all who ask. Thread-safe."""

    def __init__(self) -> None:
        self._made: OrderedDict[int, _Made] = OrderedDict()
        self._lock = threading.Lock()

    def to(self, picture: Picture, size: Size) -> Picture:
        """As :func:`scale`. Others have the same array: it cannot be written to. A picture of that size is itself."""
        if (picture.shape[1], picture.shape[0]) == size:
            return picture
        made = self._made_of(picture)
        with made.lock:
            if size not in made.sizes:
                scaled = _interpolated(self._halved(picture, made.halves, size), size)
                scaled.flags.writeable = False
                while len(made.sizes) >= MOST_SIZES:
                    made.sizes.pop(next(iter(made.sizes)))
                made.sizes[size] = scaled
            return made.sizes[size]

    def _halved(self, picture: Picture, halves: list[Picture], least: Size) -> Picture:
        smaller, number = picture, 0
        while _may_be_halved(smaller, least):
            if number == len(halves):
                halves.append(_half(smaller))
            smaller, number = halves[number], number + 1
        return smaller

    def _made_of(self, picture: Picture) -> _Made:
        with self._lock:
            made = self._made.pop(id(picture), None)
            if made is None or made.of() is not picture:
                made = _Made(weakref.ref(picture))
            self._made[id(picture)] = made
            for key in [key for key, other in self._made.items() if other.of() is None]:
                del self._made[key]
            while len(self._made) > MOST_PICTURES:
                self._made.popitem(last=False)
            return made


SMALLER = Smaller()
"""Of all cameras."""
