"""Shots picture: pictures of an event's clip side by side, each with its time, the event's own with a frame."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from edged.cli.events.page import BLACK, RED, WHITE, Colour, Image, blank, write
from edged.errors import EdgedError

MOST_SHOTS, SHOTS_A_ROW, SHOT_PX = 12, 4, 320
"""Pictures that are shown, spread evenly over the clip; and the width of each."""
TOP_PX, EDGE_PX, CAPTION_PX = 32, 4, 20
LARGEST_PIXELS = 64 * 2**20
BOX = ("box_left", "box_top", "box_right", "box_bottom")
"""Keys of evidence: where in the source's frame it was, in pixels..."""
FRAME_WIDTH = "frame_width"
"""...and how wide that frame was: without it nobody knows where that is in a smaller picture."""


class Shot(NamedTuple):
    """A picture of a clip."""

    after_s: float
    """The event's start; negative: before it."""
    jpeg: bytes


def draw_shots(shots: Sequence[Shot], title: str, lasted_s: float | None, evidence: Mapping[str, Any]) -> Image:
    """The page; ``lasted_s`` None: the event has no end. EdgedError where no picture can be read.

    ``evidence`` of the event's start: where it was then is marked in the picture nearest to that.
    """
    chosen = [(shot, picture) for shot in shots if (picture := _decoded(shot.jpeg)) is not None]
    if not chosen:
        raise EdgedError("the clip's pictures cannot be read: they are damaged")
    nearest = min(range(len(chosen)), key=lambda place: abs(chosen[place][0].after_s))
    tiles = []
    for place, (shot, picture) in enumerate(chosen):
        if place == nearest:
            _mark(picture, evidence)
        during = shot.after_s >= 0 and (lasted_s is None or shot.after_s <= lasted_s)
        tiles.append(_tile(picture, f"{shot.after_s:+.1f} s", RED if during else BLACK))
    return _sheet(tiles, title)


def spread(after_s: Sequence[float]) -> list[int]:
    """Of pictures with these times after the event's start, those to be drawn: evenly, and the one nearest to it."""
    places = np.linspace(0, len(after_s) - 1, min(len(after_s), MOST_SHOTS)).round().astype(int).tolist()
    start = min(range(len(after_s)), key=lambda place: abs(after_s[place]))
    replaced = min(range(len(places)), key=lambda chosen: abs(places[chosen] - start))
    return [*places[:replaced], start, *places[replaced + 1 :]]


def box_in(evidence: Mapping[str, Any], width_px: int) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom in a picture of that width; None where the evidence does not tell."""
    frame_px = evidence.get(FRAME_WIDTH, 0)
    if frame_px <= 0 or not all(key in evidence for key in BOX):
        return None
    left, top, right, bottom = (round(evidence[key] * width_px / frame_px) for key in BOX)
    return left, top, right, bottom


def _decoded(jpeg: bytes) -> Image | None:
    import cv2

    try:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if picture is None or picture.size > LARGEST_PIXELS * 3 else np.asarray(picture, np.uint8)


def _mark(picture: Image, evidence: Mapping[str, Any]) -> None:
    import cv2

    if box := box_in(evidence, picture.shape[1]):
        cv2.rectangle(picture, box[:2], box[2:], RED, max(2, picture.shape[1] // 320))


def _tile(picture: Image, caption: str, edge: Colour) -> Image:
    """Every tile of the same width; as high as its picture."""
    import cv2

    height_px = max(1, round(picture.shape[0] * SHOT_PX / picture.shape[1]))
    tile = blank(SHOT_PX + 2 * EDGE_PX, height_px + 2 * EDGE_PX + CAPTION_PX)
    tile[: height_px + 2 * EDGE_PX] = edge
    small = cv2.resize(picture, (SHOT_PX, height_px), interpolation=cv2.INTER_AREA)
    tile[EDGE_PX : EDGE_PX + height_px, EDGE_PX : EDGE_PX + SHOT_PX] = small
    write(tile, caption, (EDGE_PX, tile.shape[0] - 6))
    return tile


def _sheet(tiles: Sequence[Image], title: str) -> Image:
    width_px, height_px = tiles[0].shape[1], max(len(tile) for tile in tiles)
    rows, columns = -(-len(tiles) // SHOTS_A_ROW), min(len(tiles), SHOTS_A_ROW)
    page = blank(max(columns, 2) * width_px, TOP_PX + rows * height_px)
    write(page, title, (EDGE_PX, TOP_PX - 11), WHITE, 0.55)
    for place, tile in enumerate(tiles):
        x, y = place % SHOTS_A_ROW * width_px, TOP_PX + place // SHOTS_A_ROW * height_px
        page[y : y + len(tile), x : x + width_px] = tile
    return page
