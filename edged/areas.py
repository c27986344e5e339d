"""Areas: parts of a picture as the configuration names them, in shares of its width and height.

So they outlive a change of resolution: (0, 0) is the left upper corner, (1, 1) the right lower one.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from edged.config import Section
from edged.messages.vision import Box, Picture

EDGE = 1 - 1e-6
"""As far to the right or down as a place is: what touches the picture's edge is still inside an area that does."""


class Area(Section):
    """A rectangle, in shares of the picture's width and height, so that it outlives a change of resolution."""

    left: float = Field(0.0, ge=0, lt=1)
    """Where it begins: 0 is the picture's left edge."""
    top: float = Field(0.0, ge=0, lt=1)
    """Where it begins: 0 is the picture's upper edge."""
    right: float = Field(1.0, gt=0, le=1)
    """Where it ends: 1 is the picture's right edge."""
    bottom: float = Field(1.0, gt=0, le=1)
    """Where it ends: 1 is the picture's lower edge."""

    @model_validator(mode="after")
    def _has_an_inside(self) -> "Area":
        for before, after in (("left", "right"), ("top", "bottom")):
            if getattr(self, before) >= getattr(self, after):
                raise ValueError(f"{after}: {getattr(self, after)}, must be above {before} ({getattr(self, before)})")
        return self


Share = Annotated[float, Field(ge=0, le=1)]
Place = tuple[Share, Share]
"""To the right and down."""


def enclosed(corners: Iterable[Place]) -> float:
    """The area that a polygon encloses, in shares of the picture; what its sides go round twice counts twice."""
    ring = list(corners)
    doubled = sum(x * below - right * y for (x, y), (right, below) in pairwise([*ring, ring[0]]))
    return abs(doubled) / 2


def _encloses_something(corners: tuple[Place, ...]) -> tuple[Place, ...]:
    if enclosed(corners) < 1e-6:
        raise ValueError(f"{[list(place) for place in corners]}, must be corners round an area, not on one line")
    return corners


Polygon = Annotated[tuple[Place, ...], Field(min_length=3, max_length=32), AfterValidator(_encloses_something)]
"""Its corners, one after the other."""


def contains(corners: tuple[Place, ...], place: Place) -> bool:
    """Whether ``place`` is inside the polygon: a line from it to the right crosses an odd number of its sides.

    Where sides cross one another, what they go round twice is outside. Places beyond the picture count as at its edge.
    """
    x, y = (min(max(each, 0.0), EDGE) for each in place)
    inside = False
    for (x0, y0), (x1, y1) in pairwise([*corners, corners[0]]):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


def foot(box: Box, picture: Picture) -> Place:
    """Where what is in ``box`` stands: the middle of its lower edge."""
    height, width = picture.shape[:2]
    return (box.left + box.right) / 2 / width, box.bottom / height
