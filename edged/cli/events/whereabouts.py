"""Whereabouts: where in the pictures of a clip it was what an event is about, and the areas that its pipeline minds."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from edged.annotation.drawing import Pen
from edged.annotation.outlines import Outline
from edged.cli.events.page import BLACK, RED, Image
from edged.messages.wire import EventMessage

PIXELS = ("box_left", "box_top", "box_right", "box_bottom")
"""Keys of evidence: where in the source's frame a face was, in pixels..."""
FRAME_WIDTH = "frame_width"
"""...and how wide that frame was: without it nobody knows where that is in a smaller picture."""
SHARES = ("left", "top", "right", "bottom")
"""Where an object was, in shares of the frame."""
DWELL_S = "dwell_s"
"""Since when it was followed, which is when its path begins: so long before its event's last message."""


class Step(NamedTuple):
    """A place of a path, in shares of the picture."""

    after_s: float
    """The event's start."""
    x: float
    y: float


class Whereabouts(NamedTuple):
    """Of one event; without any, nothing is drawn."""

    evidence: Mapping[str, Any] = {}
    """Of its start: with the box of the best look until then..."""
    seen_s: float = 0.0
    """...which was about so long after its start."""
    path: Sequence[Step] = ()
    outlines: Sequence[Outline] = ()

    def draw(self, picture: Image, after_s: float, *, boxed: bool, during: bool) -> None:
        """Into a picture of that time: areas always, the way ``during`` the event, and the box where ``boxed``."""
        import cv2

        pen = Pen(picture.shape[0])
        pen.draw_outlines(picture, self.outlines)
        if during:
            _draw_path(picture, self.path, after_s)
        if boxed and (box := box_in(self.evidence, picture.shape[1], picture.shape[0])):
            cv2.rectangle(picture, box[:2], box[2:], RED, max(2, picture.shape[1] // 320))
        pen.name_outlines(picture, self.outlines)


def whereabouts_of(evidence: Mapping[str, Any], last: EventMessage, outlines: Sequence[Outline] = ()) -> Whereabouts:
    """By the evidence of an event's start, and by its last message."""
    began_s = last.duration_s - last.evidence.get(DWELL_S, last.duration_s)
    path = [Step(began_s + after_s, x, y) for after_s, x, y in last.path]
    return Whereabouts(evidence, evidence.get(DWELL_S, 0.0) / 2, path, outlines)


def box_in(evidence: Mapping[str, Any], width_px: int, height_px: int) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom in a picture of that size; None where the evidence does not tell."""
    frame_px = evidence.get(FRAME_WIDTH, 0)
    if frame_px > 0 and all(key in evidence for key in PIXELS):
        left, top, right, bottom = (round(evidence[key] * width_px / frame_px) for key in PIXELS)
    elif all(key in evidence for key in SHARES):
        sides_px = (width_px, height_px, width_px, height_px)
        left, top, right, bottom = (round(evidence[key] * px) for key, px in zip(SHARES, sides_px, strict=True))
    else:
        return None
    return left, top, right, bottom


def stood(path: Sequence[Step], after_s: float) -> tuple[float, float] | None:
    """Where on its path it was at that time, straight from place to place; None before the path and after it."""
    if not path or not path[0].after_s <= after_s <= path[-1].after_s:
        return None
    times, places_x, places_y = zip(*path, strict=True)
    return float(np.interp(after_s, times, places_x)), float(np.interp(after_s, times, places_y))


def _draw_path(picture: Image, path: Sequence[Step], after_s: float) -> None:
    """The whole of it as a thin line, and where it stood."""
    import cv2

    height, width = picture.shape[:2]
    corners = np.array([(round(step.x * (width - 1)), round(step.y * (height - 1))) for step in path], np.int32)
    if len(corners) > 1:
        cv2.polylines(picture, [corners], False, RED, 1, cv2.LINE_AA)
    if at := stood(path, after_s):
        centre = (round(at[0] * (width - 1)), round(at[1] * (height - 1)))
        cv2.circle(picture, centre, 5, BLACK, -1, cv2.LINE_AA)
        cv2.circle(picture, centre, 4, RED, -1, cv2.LINE_AA)
