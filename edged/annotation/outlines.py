"""Outlines: the zones and masks of a pipeline, as they lie in the pictures that it looks at."""

from typing import NamedTuple

from edged.areas import Polygon
from edged.messages.vision import Box
from edged.pipelines.objects import ObjectsConfig
from edged.settings import PipelineConfig

MASK, MOTION_MASK = "mask", "motion mask"


class Outline(NamedTuple):
    """A part of the picture that the configuration names."""

    name: str
    corners: Polygon
    """In shares of the picture's width and height."""
    matters: bool
    """A zone; else nothing counts there."""

    def in_pixels(self, width: int, height: int) -> list[tuple[int, int]]:
        """Its corners in a picture of that size, all of them inside it."""
        return [(round(x * (width - 1)), round(y * (height - 1))) for x, y in self.corners]

    def top_in(self, width: int, height: int) -> Box:
        """Where its name begins: its highest corner, down to where its lowest is."""
        corners = self.in_pixels(width, height)
        left, top = min(corners, key=lambda at: (at[1], at[0]))
        return Box(left, top, left, max(y for _, y in corners))


def outlines_of(config: PipelineConfig | None, prefix: str = "") -> tuple[Outline, ...]:
    """Those of a pipeline, ``prefix`` before each name; of a kind that has no areas there are none."""
    if not isinstance(config, ObjectsConfig):
        return ()
    zones = [Outline(prefix + name, zone.points, matters=True) for name, zone in config.zones.items()]
    masks = [Outline(prefix + MASK, corners, matters=False) for corners in config.detection.masks]
    still = config.motion.masks if config.motion.enabled else ()
    return (*zones, *masks, *(Outline(prefix + MOTION_MASK, corners, matters=False) for corners in still))
