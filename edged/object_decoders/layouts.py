"""How the outputs of object detectors are laid out: with boxes ready to use, or as an SSD's last layer gives them."""

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.face_decoders import decode_ssd, sigmoid, ssd_priors
from edged.object_decoders.anchors import grid_anchors
from edged.scaling import Size

Floats = NDArray[np.float32]
MOST_CANDIDATES = 400
"""Of a picture; more that pass the score are cut, the least sure first."""


class Found(NamedTuple):
    """What may be objects: perhaps many for each of them."""

    boxes: Floats
    """Shape (n, 4): left, top, right, bottom in shares of what the model saw."""
    classes: NDArray[np.intp]
    """Shape (n,): positions in the card's labels."""
    scores: Floats
    """Shape (n,), in [0, 1]."""

    def rows(self, kept: NDArray[np.intp] | NDArray[np.bool_]) -> "Found":
        """Some of them."""
        return Found(self.boxes[kept], self.classes[kept], self.scores[kept])


class NmsLayout(Section):
    """TFLite_Detection_PostProcess: boxes, classes, scores, and how many of them there are.

    Of each object one box is left.
    """

    OUTPUTS: ClassVar[tuple[str, ...]] = ("boxes", "classes", "scores", "count")

    kind: Literal["nms"]
    order: Literal["yxyx", "xyxy"] = "yxyx"
    """Of a box's edges."""
    first_class: int = Field(0, ge=0)
    """The position in the labels that class 0 has."""

    def read(self, outputs: Mapping[str, Floats], size: Size, least: float) -> Found:
        """What scores at least ``least``. ``outputs``: boxes (n, 4), classes (n,), scores (n,), count ()."""
        del size
        count = int(np.nan_to_num(outputs["count"].ravel()[0]))
        scores = outputs["scores"][: max(count, 0)]
        rows = np.flatnonzero(np.isfinite(outputs["classes"][: len(scores)]) & (scores >= least))
        boxes = outputs["boxes"][rows]
        boxes = boxes[:, [1, 0, 3, 2]] if self.order == "yxyx" else boxes
        classes = np.clip(np.rint(outputs["classes"][rows]), -1e6, 1e6).astype(np.intp) + self.first_class
        return Found(boxes, classes, scores[rows])


class RawSsd(Section):
    """An SSD's last layer: for each prior an offset, and a score for each class."""

    OUTPUTS: ClassVar[tuple[str, ...]] = ("boxes", "scores")

    variances: tuple[float, float] = (0.1, 0.2)
    order: Literal["xywh", "yxhw"] = "xywh"
    """Of an offset's numbers."""
    activation: Literal["none", "sigmoid", "softmax"] = "none"
    """What makes scores of the second output."""
    background: int | None = Field(0, ge=0)
    """The class that stands for nothing; null: there is none."""

    def priors(self, size: Size) -> Floats:
        """Centre x, y, width, height, shape (n, 4), in shares of the picture."""
        raise NotImplementedError

    def read(self, outputs: Mapping[str, Floats], size: Size, least: float) -> Found:
        """What scores at least ``least``. ``outputs``: boxes (n, 4) and scores (n, classes)."""
        scores = self._scores(outputs["scores"])
        if self.background is not None:
            scores = np.delete(scores, self.background, axis=1)
        rows, classes = np.nonzero(scores >= least)
        best = np.argsort(-scores[rows, classes], kind="stable")[:MOST_CANDIDATES]
        rows, classes = rows[best], classes[best]
        offsets = outputs["boxes"][rows]
        offsets = offsets[:, [1, 0, 3, 2]] if self.order == "yxhw" else offsets
        boxes = decode_ssd(offsets, self.priors(size)[rows], self.variances).boxes
        labels = classes if self.background is None else classes + (classes >= self.background)
        return Found(boxes, labels, scores[rows, classes])

    def _scores(self, raw: Floats) -> Floats:
        if self.activation == "sigmoid":
            return sigmoid(raw)
        if self.activation == "softmax":
            powers = np.exp(raw - raw.max(axis=1, keepdims=True))
            return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
        return raw


class UltraSsdLayout(RawSsd):
    """With square priors of so many pixels, as UltraFace and its kin have them."""

    kind: Literal["ssd"]
    strides: tuple[int, ...]
    sizes: tuple[tuple[int, ...], ...]
    """Pixels of the priors' sides, for each stride."""

    def priors(self, size: Size) -> Floats:
        return ssd_priors(size, self.strides, self.sizes)


class TfSsdLayout(RawSsd):
    """With the anchors of TensorFlow's Object Detection API."""

    kind: Literal["ssd_anchors"]
    grids: tuple[int, ...] = Field(min_length=1, max_length=16)
    """Cells a side, of each grid."""
    min_scale: float = Field(0.2, gt=0, le=1)
    max_scale: float = Field(0.95, gt=0, le=1)
    aspect_ratios: tuple[float, ...] = (1.0, 2.0, 0.5, 3.0, 0.3333)

    def priors(self, size: Size) -> Floats:
        del size
        return grid_anchors(self.grids, self.min_scale, self.max_scale, self.aspect_ratios)
