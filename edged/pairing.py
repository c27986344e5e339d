"""Pairing: which of the boxes found in a frame is which of those followed so far.

What is followed is where it was, more or less: guessing where it would be from its speed was tried on clips of faces
and gained nothing.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from edged.messages.vision import Box

T = TypeVar("T")


def centre(box: Box) -> tuple[float, float]:
    """Pixels to the right and down."""
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def distance(box: Box, other: Box) -> float:
    """How unlike two boxes are, >= 0: centres apart in mean widths, and the logarithm of the ratio of their sizes."""
    size, other_size = math.sqrt(box.area), math.sqrt(other.area)
    if not min(size, other_size) > 0:
        return math.inf
    return 2 * math.dist(centre(box), centre(other)) / (size + other_size) + abs(math.log(size / other_size))


def assign(known: Sequence[T], found: Sequence[T], reach: float, apart: Callable[[T, T], float]) -> dict[int, int]:
    """Which found one is which known one: the nearest first, each once, none farther ``apart`` than ``reach``.

    Gives indices of ``known`` by indices of ``found``.
    """
    gaps = sorted(
        (apart(one, other), number, index) for number, one in enumerate(known) for index, other in enumerate(found)
    )
    paired: dict[int, int] = {}
    taken: set[int] = set()
    for gap, number, index in gaps:
        if gap > reach:
            break
        if index not in paired and number not in taken:
            paired[index] = number
            taken.add(number)
    return paired


def pair(known: Sequence[Box], found: Sequence[Box], reach: float) -> dict[int, int]:
    """:func:`assign` by :func:`distance`."""
    return assign(known, found, reach, distance)
