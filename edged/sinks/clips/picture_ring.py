"""PictureRing: the last that a camera has seen, as JPEG."""

import numpy as np

from edged.messages.vision import Frame, Picture
from edged.sinks.clips.clip import Content
from edged.sinks.clips.ring import Piece, Ring

MAX_BYTES = 32 * 2**20
"""In memory for each camera at most; the oldest pictures go first."""
QUALITY = 80
"""Of JPEG, in [0, 100]: about 50 kB for 640 x 360 pixels."""


class PictureRing:
    """Pictures made small as they come, ``fps`` a second. Thread-safe."""

    def __init__(self, length_s: float, fps: float, side_px: int) -> None:
        self._period_s, self._side_px = 1 / fps, side_px
        self._ring: Ring[bytes] = Ring(length_s, MAX_BYTES)
        self._next_s = float("-inf")

    @property
    def until_s(self) -> float:
        """Unix time until when it has seen."""
        return self._ring.until_s

    def add(self, frame: Frame) -> None:
        """See on."""
        at_s = frame.epoch_s + frame.at_s
        self._ring.passed(at_s)
        if self._next_s - self._period_s <= at_s < self._next_s:
            return
        self._next_s = (self._next_s if 0 <= at_s - self._next_s < self._period_s else at_s) + self._period_s
        content = encode_jpeg(frame.picture, self._side_px)
        self._ring.put(Piece(at_s, at_s, content, len(content)))

    def cut(self, from_s: float, until_s: float) -> list[Content]:
        """What was seen between two Unix times, as far as it is still there: a file for each picture."""
        return [
            Content(f"picture_{number:04d}.jpg", "image/jpeg", piece.at_s, piece.item)
            for number, piece in enumerate(self._ring.between(from_s, until_s), 1)
        ]


def encode_jpeg(picture: Picture, side_px: int) -> bytes:
    """The picture as JPEG, made smaller where its longer side has more than ``side_px`` pixels."""
    import cv2

    height, width = picture.shape[:2]
    scale = side_px / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError(f"picture of {picture.shape}: cannot be encoded as JPEG")
    return bytes(content.tobytes())
