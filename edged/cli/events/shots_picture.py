"""Shots picture: pictures of an event's clip side by side, each with its time, the event's own with a frame."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edged.cli.events.page import BLACK, RED, WHITE, Colour, Image, blank, write
from edged.cli.events.whereabouts import Whereabouts
from edged.errors import EdgedError

MOST_SHOTS, SHOTS_A_ROW, SHOT_PX = 12, 4, 320
"""Pictures that are shown, spread evenly over the clip; and the width of each."""
TOP_PX, EDGE_PX, CAPTION_PX = 32, 4, 20
LARGEST_PIXELS = 64 * 2**20


class Shot(NamedTuple):
    """A picture of a clip."""

    after_s: float
    """The event's start; negative: before it."""
    jpeg: bytes


def draw_shots(
    shots: Sequence[Shot], title: str, lasted_s: float | None, whereabouts: Whereabouts | None = None
) -> Image:
    """The page; ``lasted_s`` None: the event has no end. EdgedError where no picture can be read.

    ``whereabouts`` of what it is about are drawn into the pictures of the event, its box into the one nearest to that.
    """
    chosen = [(shot, picture) for shot in shots if (picture := _decoded(shot.jpeg)) is not None]
    if not chosen:
        raise EdgedError("the clip's pictures cannot be read: they are damaged")
    where = whereabouts or Whereabouts()
    nearest = min(range(len(chosen)), key=lambda place: abs(chosen[place][0].after_s - where.seen_s))
    tiles = []
    for place, (shot, picture) in enumerate(chosen):
        during = shot.after_s >= 0 and (lasted_s is None or shot.after_s <= lasted_s)
        small = _narrowed(picture)
        where.draw(small, shot.after_s, boxed=place == nearest, during=during)
        tiles.append(_tile(small, f"{shot.after_s:+.1f} s", RED if during else BLACK))
    return _sheet(tiles, title)


def spread(after_s: Sequence[float], wanted_s: float = 0.0) -> list[int]:
    """Of pictures with these times after the event's start, those to be drawn: evenly, and the one nearest to a time.

    ``wanted_s``: that time.
    """
    places = np.linspace(0, len(after_s) - 1, min(len(after_s), MOST_SHOTS)).round().astype(int).tolist()
    start = min(range(len(after_s)), key=lambda place: abs(after_s[place] - wanted_s))
    replaced = min(range(len(places)), key=lambda chosen: abs(places[chosen] - start))
    return [*places[:replaced], start, *places[replaced + 1 :]]


def _decoded(jpeg: bytes) -> Image | None:
    import cv2

    try:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if picture is None or picture.size > LARGEST_PIXELS * 3 else np.asarray(picture, np.uint8)


def _narrowed(picture: Image) -> Image:
    """As wide as every tile."""
    import cv2

    height_px = max(1, round(picture.shape[0] * SHOT_PX / picture.shape[1]))
    return np.asarray(cv2.resize(picture, (SHOT_PX, height_px), interpolation=cv2.INTER_AREA), np.uint8)


def _tile(small: Image, caption: str, edge: Colour) -> Image:
    """The picture with its edge and caption."""
    height_px = len(small)
    tile = blank(SHOT_PX + 2 * EDGE_PX, height_px + 2 * EDGE_PX + CAPTION_PX)
    tile[: height_px + 2 * EDGE_PX] = edge
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
