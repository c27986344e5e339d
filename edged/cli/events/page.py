"""Page: what pictures of events are drawn on, with OpenCV: matplotlib is none of the box's own packages."""

import unicodedata

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Shape (height, width, 3): blue, green, red."""
Colour = tuple[int, int, int]
BLACK, WHITE, GREY, RED = (0, 0, 0), (255, 255, 255), (160, 160, 160), (60, 60, 255)
MOST_LETTERS = 110


def blank(width_px: int, height_px: int) -> Image:
    """All black."""
    return np.zeros((height_px, width_px, 3), np.uint8)


def write(page: Image, text: str, at_px: tuple[int, int], colour: Colour = GREY, size: float = 0.42) -> None:
    """Text whose first letter's lower left corner is at (x, y). OpenCV has ASCII's letters alone."""
    import cv2

    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()[:MOST_LETTERS]
    cv2.putText(page, plain, at_px, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def line(page: Image, from_px: tuple[int, int], to_px: tuple[int, int], colour: Colour = GREY) -> None:
    """A thin straight line."""
    import cv2

    cv2.line(page, from_px, to_px, colour)


def as_png(page: Image) -> bytes:
    """The page as a PNG file."""
    import cv2

    done, content = cv2.imencode(".png", page)
    if not done:
        raise ValueError(f"page of {page.shape}: cannot be encoded as PNG")
    return bytes(content.tobytes())
