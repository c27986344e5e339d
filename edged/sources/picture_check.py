"""PictureCheck: does the camera see at all? Each fault is a named condition in the source's health, not a log line."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.areas import Area
from edged.config import Section
from edged.errors import DeviceLostError
from edged.messages.vision import Frame, Picture
from edged.runtime.health import Part
from edged.sources.view import Regions

Samples = NDArray[np.uint8]
ROWS, COLUMNS = 48, 64
"""The pixels that are looked at lie on a grid of at most so many, whatever the picture's size."""
GLARE = 250
"""A sample this bright, of 255, has no detail left."""


class PictureCheckConfig(Section):
    """What counts as an unhealthy picture. Brightness is in [0, 1]."""

    after_s: float = Field(3.0, ge=0, le=60)
    """Dark, overexposed and covered must last so long before they reach health."""
    frozen_s: float = Field(3.5, gt=0, le=600)
    """Frozen: the very same picture for so long, which no sensor gives; a camera is then lost, and opened anew."""
    dark: float = Field(0.04, ge=0, le=1)
    """Dark: the mean brightness is at most this."""
    overexposed: float = Field(0.6, gt=0, le=1)
    """Overexposed: at least this share of the picture is white."""
    contrast: float = Field(0.03, ge=0, le=1)
    """Covered: the brightness varies (standard deviation) by less than this, neither dark nor white; 0: never."""


@lru_cache(maxsize=32)
def grid(height: int, width: int, regions: Regions) -> NDArray[np.intp]:
    """Shape (n,): where the pixels lie that are looked at, on a grid over each of ``regions``, or over everything.

    They are the places of the pixels' green in a picture laid out as one row.
    """
    places = []
    for area in regions or (Area(),):
        down = np.linspace(area.top * height, area.bottom * height - 1, min(ROWS, height)).astype(np.intp).clip(0)
        across = np.linspace(area.left * width, area.right * width - 1, min(COLUMNS, width)).astype(np.intp).clip(0)
        places.append(((down[:, None] * width + across) * 3 + 1).ravel())
    return np.concatenate(places)


def sample(picture: Picture, regions: Regions = ()) -> Samples:
    """Shape (n,), uint8: how bright the pixels on the grid are, by their green, which is most of brightness."""
    return picture.reshape(-1).take(grid(picture.shape[0], picture.shape[1], regions))


def faults(samples: Samples, config: PictureCheckConfig) -> set[str]:
    """What is wrong with a picture: ``dark``, ``overexposed`` or ``covered``, one at most."""
    mean = float(samples.mean())
    if mean <= config.dark * 255:
        return {"dark"}
    if np.count_nonzero(samples >= GLARE) >= config.overexposed * len(samples):
        return {"overexposed"}
    strays = samples.astype(np.float32) - np.float32(mean)
    return {"covered"} if float(strays @ strays) < (config.contrast * 255) ** 2 * len(samples) else set()


class PictureCheck:
    """Remembers since when each fault has lasted, in the source's own time, and tells the source's health.

    A ``live`` camera that is frozen is lost: DeviceLostError, and at once again where it was opened anew and shows the
    same still. Of a file it is only said.
    """

    NAMES = ("dark", "overexposed", "covered")

    def __init__(self, config: PictureCheckConfig, health: Part, *, regions: Regions = (), live: bool = True) -> None:
        """``regions``: where the source's pictures are not black."""
        self._config, self._health, self._regions, self._live = config, health, regions, live
        self._since_s: dict[str, float] = {}
        self._before: Samples | None = None
        self._moved_s, self._frozen = 0.0, False

    def __call__(self, frame: Frame) -> Frame:
        """The frame as it is."""
        samples = sample(frame.picture, self._regions)
        found = faults(samples, self._config)
        for name in self.NAMES:
            self._look_at(name, frame.at_s, on=name in found)
        self._must_move(samples, frame.at_s)
        return frame

    def _look_at(self, name: str, at_s: float, *, on: bool) -> None:
        if not on:
            self._since_s.pop(name, None)
            self._health.condition(name, on=False)
            return
        began_s = self._since_s[name] = min(at_s, self._since_s.get(name, at_s))  # may begin anew at 0
        lasted_s = at_s - began_s
        self._health.condition(name, on=lasted_s >= self._config.after_s, lasted_s=lasted_s)

    def _must_move(self, samples: Samples, at_s: float) -> None:
        if self._before is None or not np.array_equal(samples, self._before):
            self._before, self._moved_s, self._frozen = samples, at_s, False
        self._moved_s = min(self._moved_s, at_s)  # as above
        lasted_s = at_s - self._moved_s
        self._frozen = self._frozen or lasted_s >= self._config.frozen_s
        self._health.condition("frozen", on=self._frozen, lasted_s=lasted_s)
        if self._frozen and self._live:
            raise DeviceLostError("the picture does not change")
