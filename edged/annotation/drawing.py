"""Drawing: boxes and areas with names, and lines of text, into a picture: to be read on dark ground and on bright."""

import zlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from edged.annotation.notes import Mark
from edged.annotation.outlines import Outline
from edged.messages.vision import Box, Picture
from edged.recognition import SPOOF, UNKNOWN

Colour = tuple[int, int, int]
"""Blue, green, red."""
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
GREY: Colour = (200, 200, 200)
"""Of what has no event."""
ZONE: Colour = (255, 255, 130)
MASK: Colour = (150, 150, 150)
COLOURS: Sequence[Colour] = ((120, 230, 80), (255, 190, 90), (255, 160, 225), (240, 240, 70))
"""Bright, so that black letters can be read on each."""
OF_LABEL = {UNKNOWN: (60, 200, 255), SPOOF: (110, 110, 255)}
LONGEST = 40
"""Letters of a label."""
WEIGHT = 600
"""Of letters: semi-bold."""


def colour_of(mark: Mark) -> Colour:
    """The same for the same label; grey where there is no event."""
    if mark.event is None:
        return GREY
    label = mark.event.label
    return OF_LABEL.get(label) or COLOURS[zlib.crc32(label.encode()) % len(COLOURS)]


def words(mark: Mark) -> str:
    """``● #3 Zoë 0.97``; without the dot where there is no event."""
    label = mark.label if len(mark.label) <= LONGEST else mark.label[: LONGEST - 1] + "…"
    return f"{'● ' if mark.event else ''}#{mark.track} {label} {mark.score:.2f}"


class Pen:
    """Draws into pictures of one size, in letters and lines that fit it."""

    def __init__(self, height: int) -> None:
        self._size = max(11, round(height / 34))
        self._line = max(1, round(height / 300))
        self._pad = max(2, self._size // 4)

    @cached_property
    def _face(self) -> Any:
        import cv2

        return cv2.FontFace("sans")

    def draw_outlines(self, picture: Picture, outlines: Iterable[Outline]) -> None:
        """Thin. Before anything else, so that nothing is hidden by them."""
        import cv2

        height, width = picture.shape[:2]
        for outline in outlines:
            corners = np.array(outline.in_pixels(width, height), np.int32)
            for colour, line in ((BLACK, 3 * self._line), (_colour_of_area(outline), self._line)):
                cv2.polylines(picture, [corners], True, colour, line)

    def name_outlines(self, picture: Picture, outlines: Iterable[Outline], taken: Iterable[Box] = ()) -> list[Box]:
        """Each at its highest corner, on a darkened ground, as with boxes; where the names are, after the ``taken``."""
        height, width = picture.shape[:2]
        placed = list(taken)
        for outline in outlines:
            place = self._place(picture, outline.name, outline.top_in(width, height), placed, inside=True)
            placed.append(place)
            left, top, right, bottom = (int(edge) for edge in place)
            picture[top:bottom, left:right] //= 4
            self._write(picture, outline.name, left + self._pad, self._base(place), _colour_of_area(outline))
        return placed

    def draw_boxes(self, picture: Picture, marks: Iterable[Mark]) -> None:
        """The small on top of the large. Before anything else, so that no line goes through words."""
        for mark in sorted(marks, key=lambda mark: -mark.box.area):
            self._draw_box(picture, mark)

    def draw_names(self, picture: Picture, marks: Iterable[Mark], taken: Iterable[Box] = ()) -> None:
        """Each at its box, not over one another nor where it is ``taken``, as far as there is room."""
        placed: list[tuple[Box, Mark]] = []
        for mark in sorted(marks, key=lambda mark: (mark.event is None, -mark.box.area)):
            others = [*taken, *(place for place, _ in placed)]
            placed.append((self._place(picture, words(mark), mark.box, others), mark))
        for place, mark in reversed(placed):  # those with events on top
            self._draw_tag(picture, place, mark)

    def draw_lines(self, picture: Picture, lines: Sequence[str], *, at_top: bool) -> Box:
        """White on a darkened ground, in the left upper or lower corner; where they are."""
        if not lines:
            return Box(0, 0, 0, 0)
        height, width = picture.shape[:2]
        step = self._size + 2 * self._pad
        lines = [self._fitting(line, width - 2 * self._pad) for line in lines]
        broad = min(width, max(self._width(line) for line in lines) + 2 * self._pad)
        high = min(height, step * len(lines))
        top = 0 if at_top else height - high
        ground = picture[top : top + high, :broad]
        ground[:] = ground // 4
        for row, line in enumerate(lines):
            self._write(picture, line, self._pad, top + (row + 1) * step - self._pad, WHITE)
        return Box(0, top, broad, top + high)

    def _draw_box(self, picture: Picture, mark: Mark) -> None:
        """With a black rim, so that it is seen on its own colour; thin where the frame was not looked at."""
        import cv2

        left, top, right, bottom = (round(edge) for edge in mark.box)
        line = self._line * (2 if mark.fresh and mark.event else 1)
        rim = line + 2 * self._line
        for colour, thickness in ((BLACK, rim), (colour_of(mark), line)):
            cv2.rectangle(picture, (left, top), (right, bottom), colour, thickness)

    def _place(self, picture: Picture, text: str, box: Box, placed: Sequence[Box], *, inside: bool = False) -> Box:
        """For a name: above the box, in it or under it, where it is in the picture and covers none before.

        ``inside``: in the box first.
        """
        height, width = picture.shape[:2]
        broad, high = self._width(text) + 2 * self._pad, self._size + 2 * self._pad
        left = max(0, min(round(box.left), width - broad))
        top, bottom = round(box.top), round(box.bottom)
        above, within = [top - high], [top, top + high, bottom - high]
        wanted = [*within, *above, bottom] if inside else [*above, *within, bottom]
        tops = [each for each in wanted if 0 <= each <= height - high]
        places = [Box(left, each, left + broad, each + high) for each in tops or [0]]
        return next((one for one in places if not any(_overlap(one, other) for other in placed)), places[0])

    def _draw_tag(self, picture: Picture, place: Box, mark: Mark) -> None:
        _fill(picture, place, colour_of(mark))
        self._write(picture, words(mark), int(place.left) + self._pad, self._base(place), BLACK)

    def _base(self, place: Box) -> int:
        """The line that a name's letters stand on."""
        return int(place.bottom) - self._pad - self._size // 8

    def _fitting(self, line: str, width: int) -> str:
        """As much of it as there is room for."""
        if self._width(line) <= width:
            return line
        kept = len(line) * width // self._width(line) - 1
        return line[: max(0, kept - 1)] + "…"

    def _width(self, text: str) -> int:
        import cv2

        _, _, width, _ = cv2.getTextSize((10**6, 10**6), text, (0, 0), self._face, self._size, WEIGHT)
        return int(width)

    def _write(self, picture: Picture, text: str, left: int, base: int, colour: Colour) -> None:
        import cv2

        cv2.putText(picture, text, (left, base), colour, self._face, self._size, WEIGHT)


def _colour_of_area(outline: Outline) -> Colour:
    return ZONE if outline.matters else MASK


def _overlap(one: Box, other: Box) -> bool:
    across = one.left < other.right and other.left < one.right
    return across and one.top < other.bottom and other.top < one.bottom


def _fill(picture: Picture, box: Box, colour: Colour) -> None:
    left, top, right, bottom = (int(edge) for edge in box)
    picture[top:bottom, left:right] = np.array(colour, np.uint8)
