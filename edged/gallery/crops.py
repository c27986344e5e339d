"""Crops: aligned pictures of faces as PNG, small enough to keep."""

import struct

import numpy as np

from edged.errors import GalleryError
from edged.gallery.people import LARGEST_CROP
from edged.messages.vision import Picture

_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
LARGEST_SIDE = 1024
"""Pixels."""


def encode_crop(picture: Picture) -> bytes:
    """The picture as PNG, which loses nothing. GalleryError: too large to be kept."""
    import cv2

    done, content = cv2.imencode(".png", picture)
    if not done or content.size > LARGEST_CROP:
        raise GalleryError(f"crop: {picture.shape} is {content.size} bytes as PNG, must be at most {LARGEST_CROP}")
    return bytes(content.tobytes())


def decode_crop(content: bytes) -> Picture:
    """The picture that was encoded. GalleryError: not such a picture."""
    import cv2

    if not content.startswith(_HEAD) or len(content) < 24:
        raise GalleryError("crop: is no PNG; enrol the person again")
    width, height = struct.unpack_from(">II", content, len(_HEAD))
    picture = None
    if 0 < max(width, height) <= LARGEST_SIDE:  # looked at before it is unpacked: a small file may hold a huge picture
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise GalleryError(f"crop: {width} x {height} pixels cannot be read; enrol the person again")
    return np.asarray(picture, np.uint8)
