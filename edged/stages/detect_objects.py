"""DetectObjects: asks a model which objects there are in a frame; the model's card says how to ask and how to read.

A model sees a frame as small as its input; small objects are found by further looks at parts of it, at full resolution.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from pydantic import Field

from edged.areas import Area, Polygon, contains, foot
from edged.config import Section
from edged.inference.files.card import Card
from edged.inference.model import Array, Model, dequantise
from edged.messages.event import ModelUse
from edged.messages.objects import DetectedObjects, Sighting
from edged.messages.vision import Box, Frame, Picture
from edged.object_decoders import UNUSED, Found, check_labels, merge, read_facts
from edged.picture_input import PictureInput


class LabelConfig(Section):
    """How sure and large objects of one label must be."""

    score: float | None = Field(None, gt=0, lt=1)
    """Least score of one; null: as for all labels."""
    min_size_px: int | None = Field(None, ge=1)
    """Smaller ones are ignored; null: as for all labels."""


class ObjectDetectionConfig(Section):
    """Which of the model's answers are taken for objects."""

    score: float = Field(0.5, gt=0, lt=1)
    """Least score of an object..."""
    keep: float = Field(0.6, gt=0, le=1)
    """...and of one that is followed already: this share of it."""
    overlap: float | None = Field(None, ge=0, le=1)
    """Two boxes of a label with more overlap (intersection over union) are one; null: the model's card says it."""
    min_size_px: int = Field(12, ge=1)
    """Smaller objects are ignored; the shorter side of the box, in pixels of the frame."""
    max_objects: int = Field(32, ge=1, le=100)
    """In one frame; more are ignored, the least sure first."""
    labels: dict[str, LabelConfig] = Field({}, max_length=100)
    """The objects that count, such as {person: {}, car: {score: 0.6, min_size_px: 40}}; none named: all that the model
    knows."""
    masks: tuple[Polygon, ...] = Field((), max_length=16)
    """Where nothing counts that stands there (by the middle of its lower edge): polygons of [x, y] in shares of the
    picture's width and height, such as [[[0, 0], [0.3, 0], [0.3, 1], [0, 1]]]."""
    regions: tuple[Area, ...] = Field((), max_length=8)
    """Parts of the picture that are looked at again, each by itself, for objects too small to be seen in the whole;
    each costs as much as a frame: [{left: 0.5, right: 0.8, top: 0.2, bottom: 0.5}]."""


def wanted(card: Card, config: ObjectDetectionConfig) -> Mapping[int, tuple[str, float, int]]:
    """Label, least score and least size by its position. ModelError with a near name where the model knows no such."""
    check_labels(card, config.labels, "detection.labels")
    least: dict[int, tuple[str, float, int]] = {}
    for position, label in enumerate(card.labels):
        if label != UNUSED and (label in config.labels or not config.labels):
            own = config.labels.get(label, LabelConfig())
            least[position] = (label, own.score or config.score, own.min_size_px or config.min_size_px)
    return least


class DetectObjects:
    """Keeps nothing from frame to frame."""

    def __init__(self, config: ObjectDetectionConfig, model: Model) -> None:
        """ModelError where the card is not one of an object detector that can be read, or knows not all labels."""
        card, facts = model.card, read_facts(model.card)
        self._config, self._model, self._layout = config, model, facts.layout
        self._input = PictureInput(facts, card.inputs[0])
        self._outputs = {name: card.output(name) for name in facts.layout.OUTPUTS}
        self._wanted = wanted(card, config)
        self._least = config.keep * min((score for _, score, _ in self._wanted.values()), default=1.0)
        self._overlap = facts.overlap if config.overlap is None else config.overlap

    def __call__(self, frame: Frame) -> Iterable[DetectedObjects]:
        height, width = frame.picture.shape[:2]
        whole = Box(0, 0, width, height)
        parts = [
            Box(area.left * width, area.top * height, area.right * width, area.bottom * height)
            for area in self._config.regions
        ]
        looks, uses = zip(*(self._look(frame.picture, at) for at in (whole, *parts)), strict=True)
        found = merge(looks, (whole, *parts), self._overlap)
        counted = sorted(self._sightings(found, frame.picture), key=lambda one: -one.score)
        yield DetectedObjects(frame, tuple(counted[: self._config.max_objects]), uses[0])

    def _look(self, picture: Picture, at: Box) -> tuple[Found, ModelUse]:
        """All objects in a part of the picture, in the frame's pixels and no farther than it, and who saw them."""
        given, seen = self._input(picture, at)
        answer = self._model.run([given])
        outputs = {name: self._read(answer.outputs, index) for name, index in self._outputs.items()}
        found = self._layout.read(outputs, self._input.size, self._least)
        corners = np.array([seen.left, seen.top] * 2) + found.boxes * np.array([seen.width, seen.height] * 2)
        held = np.clip(corners, [at.left, at.top] * 2, [at.right, at.bottom] * 2).astype(np.float32)
        return Found(held, found.classes, found.scores).rows(np.isfinite(held).all(axis=1)), answer.use

    def _read(self, outputs: Sequence[Array], index: int) -> Array:
        """An output without its batch, as real values."""
        tensor = self._model.card.outputs[index]
        output = outputs[index].reshape(outputs[index].shape[1:]) if outputs[index].ndim > 1 else outputs[index]
        return dequantise(output, tensor) if tensor.scale else output

    def _sightings(self, found: Found, picture: Picture) -> Iterator[Sighting]:
        """Those of a label that counts, sure and large enough, and not behind a mask."""
        for row, position, score in zip(
            found.boxes.tolist(), found.classes.tolist(), found.scores.tolist(), strict=True
        ):
            if position not in self._wanted:
                continue
            label, least, size_px = self._wanted[position]
            box = Box(*row)
            if score < least * self._config.keep or min(box.width, box.height) < size_px:
                continue
            if not any(contains(mask, foot(box, picture)) for mask in self._config.masks):
                yield Sighting(box, label, min(score, 1.0), sure=score >= least)
