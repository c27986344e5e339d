"""PictureInput: from a part of a frame to what a network's input holds, as the network's card says."""

from typing import Literal

import numpy as np
from pydantic import Field

from edged.config import Section
from edged.inference.files.card import Tensor
from edged.inference.model import Array, quantise
from edged.messages.vision import Box, Picture
from edged.scaling import Size
from edged.vision import crop


class PictureFacts(Section):
    """What the card of a model that looks at pictures says in its ``parameters``."""

    colour: Literal["rgb", "bgr", "grey"]
    offset: float
    scale: float = Field(gt=0)
    """What the network sees is (level - offset) / scale, of levels 0 to 255."""
    fit: Literal["letterbox", "stretch"]
    """How a frame of another shape is brought to the network's."""


def levels(facts: PictureFacts, tensor: Tensor) -> Array:
    """What the network's input holds for each of the levels 0 to 255: shape (256,), the tensor's dtype."""
    values = (np.arange(256, dtype=np.float32) - np.float32(facts.offset)) / np.float32(facts.scale)
    return quantise(values, tensor) if tensor.scale else values


def letterbox(box: Box, size: Size) -> Box:
    """The smallest box round ``box`` that has the shape of ``size``, with the same centre."""
    across, down = box.width / size[0], box.height / size[1]
    more_x, more_y = max(0.0, down * size[0] - box.width) / 2, max(0.0, across * size[1] - box.height) / 2
    return Box(box.left - more_x, box.top - more_y, box.right + more_x, box.bottom + more_y)


class PictureInput:
    """One network's input; keeps nothing from picture to picture."""

    def __init__(self, facts: PictureFacts, tensor: Tensor) -> None:
        """``tensor``: the input, shape (1, height, width, channels)."""
        self._facts, self._shape = facts, tensor.shape
        self.size: Size = (tensor.shape[2], tensor.shape[1])
        self._levels = levels(facts, tensor)

    def __call__(self, picture: Picture, at: Box) -> tuple[Array, Box]:
        """The input that shows the part ``at`` of a frame, and the part that it really shows, which is no smaller."""
        seen = letterbox(at, self.size) if self._facts.fit == "letterbox" else at
        return self._prepare(crop(picture, seen, self.size)), seen

    def _prepare(self, picture: Picture) -> Array:
        """A picture of the network's size -> its input."""
        import cv2

        if self._facts.colour != "bgr":
            code = cv2.COLOR_BGR2RGB if self._facts.colour == "rgb" else cv2.COLOR_BGR2GRAY
            picture = np.asarray(cv2.cvtColor(picture, code), np.uint8)
        return np.asarray(cv2.LUT(picture, self._levels)).reshape(self._shape)
