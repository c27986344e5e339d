"""DetectFaces: asks a model where in a frame there are faces; the model's card says how to ask and how to read."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from edged.config import Section
from edged.errors import ModelError
from edged.face_decoders import Candidates, Floats, blaze_anchors, decode_blaze, decode_ssd, sigmoid, ssd_priors
from edged.inference.files.card import Card
from edged.inference.model import Array, Model, dequantise
from edged.messages.event import ModelUse
from edged.messages.vision import Box, DetectedFaces, Face, Frame, Picture
from edged.picture_input import PictureFacts, PictureInput, letterbox, levels
from edged.scaling import Size
from edged.vision import iou, nms

__all__ = ["DetectFaces", "DetectionConfig", "DetectorFacts", "letterbox", "levels", "read_facts"]

MOST_CANDIDATES = 200
"""Of a picture; more that pass the score are cut, the least sure first."""
SURROUNDINGS = 1.6
"""Times the box: what a second look at a face shows. Measured: 1.3 and 2 are worse."""
STEP_BACK = 1.5
"""Times a still in which no face is seen: what another look at it shows. Of 400 portraits filled by their face (ORL)
95 % are found without, 99.8 % with it; 1.25 finds less, 2 no more, and grey or drawn-out borders no more than black."""


class DetectionConfig(Section):
    """Which of the model's answers are taken for faces."""

    score: float | None = Field(None, gt=0, lt=1)
    """Least score of a face; null: the model's card says it."""
    overlap: float | None = Field(None, ge=0, le=1)
    """Two boxes with more overlap (intersection over union) are one face; null: the model's card says it."""
    min_size_px: int = Field(24, ge=1)
    """Smaller faces are ignored; the shorter side of the box, in pixels of the frame."""
    max_faces: int = Field(16, ge=1, le=100)
    """In one frame; more are ignored, the least sure first."""


class BlazeLayout(Section):
    """How BlazeFace's outputs are laid out."""

    kind: Literal["blaze"]
    grids: tuple[tuple[int, int], ...]
    """Cells a side, anchors a cell."""

    def score(self, raw: Floats) -> Floats:
        """(n, 1) -> (n,), in [0, 1]."""
        return sigmoid(raw[:, 0])

    def decode(self, raw: Floats, rows: NDArray[np.intp], size: Size) -> Candidates:
        """The candidates in ``rows``."""
        return decode_blaze(raw[rows], blaze_anchors(self.grids)[rows], size[0])


class SsdLayout(Section):
    """How the outputs of UltraFace and of its kin are laid out."""

    kind: Literal["ssd"]
    strides: tuple[int, ...]
    sizes: tuple[tuple[int, ...], ...]
    """Pixels of the priors' sides, for each stride."""
    variances: tuple[float, float]

    def score(self, raw: Floats) -> Floats:
        """(n, 2), background and face -> (n,), in [0, 1]."""
        return raw[:, 1]

    def decode(self, raw: Floats, rows: NDArray[np.intp], size: Size) -> Candidates:
        """The candidates in ``rows``."""
        return decode_ssd(raw[rows], ssd_priors(size, self.strides, self.sizes)[rows], self.variances)


class DetectorFacts(PictureFacts):
    """What the card of a face detector says in its ``parameters``."""

    layout: Annotated[BlazeLayout | SsdLayout, Field(discriminator="kind")]
    keypoints: tuple[Literal["right_eye", "left_eye", "nose", "mouth"], ...] = ()
    """The first ones, in the model's order."""
    score: float = Field(gt=0, lt=1)
    overlap: float = Field(ge=0, le=1)


def read_facts(card: Card) -> DetectorFacts:
    """ModelError that names the key where the card is not one of a face detector that can be read."""
    try:
        return DetectorFacts.model_validate(card.parameters)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, ("parameters", *first["loc"])))
        raise ModelError(
            f"model {card.name}: {key}: {first['msg']}; name a face detector of edged's catalogue, pulled anew"
        ) from None


def grown(box: Box, factor: float) -> Box:
    """``factor`` times as wide and high, with the same centre."""
    more_x, more_y = box.width * (factor - 1) / 2, box.height * (factor - 1) / 2
    return Box(box.left - more_x, box.top - more_y, box.right + more_x, box.bottom + more_y)


class DetectFaces:
    """Keeps nothing from frame to frame."""

    def __init__(self, config: DetectionConfig, model: Model, landmarks: Model | None = None) -> None:
        """``landmarks``: a detector that looks at each face again for its keypoints, None: the first ones will do.

        ModelError where a card is not one of a face detector that can be read, or where neither has keypoints.
        """
        card = model.card
        self._config, self._model, self._facts = config, model, read_facts(card)
        self._input = PictureInput(self._facts, card.inputs[0])
        self._boxes, self._scores = card.output("boxes"), card.output("scores")
        self._score = self._facts.score if config.score is None else config.score
        self._overlap = self._facts.overlap if config.overlap is None else config.overlap
        self._landmarks = landmarks and DetectFaces(DetectionConfig(), landmarks)
        if not self._facts.keypoints and not self._landmarks:
            raise ModelError(
                f"model {card.name}: gives no keypoints to turn faces upright by; name a model that looks again for "
                "them (face_blaze_front) as landmarks"
            )

    def __call__(self, frame: Frame) -> Iterable[DetectedFaces]:
        yield self._detect(frame, 1.0)

    def in_still(self, frame: Frame) -> DetectedFaces:
        """All faces of a picture that nobody can step back from: where it shows none, it is looked at with a border."""
        found = self._detect(frame, 1.0)
        return found if found.faces else self._detect(frame, STEP_BACK)

    def keypoints(self, picture: Picture, box: Box) -> Mapping[str, tuple[float, float]]:
        """Of the face at ``box``, by a second look at it and what is round it; empty where it sees none there."""
        faces, _ = self._look(picture, grown(box, SURROUNDINGS))
        if not faces:
            return {}
        shares = iou([box], [face.box for face in faces])[0]
        return faces[int(shares.argmax())].keypoints if shares.max() > 0 else {}

    def _detect(self, frame: Frame, factor: float) -> DetectedFaces:
        """All faces of a frame, looked at with what is round it."""
        height, width = frame.picture.shape[:2]
        faces, use = self._look(frame.picture, grown(Box(0, 0, width, height), factor))
        large = [face for face in faces if min(face.box.width, face.box.height) >= self._config.min_size_px]
        sure = large[: self._config.max_faces]
        return DetectedFaces(frame, tuple(self._look_again(frame.picture, face) for face in sure), use)

    def _look_again(self, picture: Picture, face: Face) -> Face:
        """The face with the keypoints of a second look; with those that it has where there is none, or it sees none."""
        keypoints = self._landmarks.keypoints(picture, face.box) if self._landmarks else {}
        return replace(face, keypoints=keypoints) if keypoints else face

    def _look(self, picture: Picture, at: Box) -> tuple[list[Face], ModelUse]:
        """All faces in a part of the picture, the surest first, and who saw them."""
        given, seen = self._input(picture, at)
        answer = self._model.run([given])
        boxes, raw_scores = (self._read(answer.outputs, index) for index in (self._boxes, self._scores))
        scores = self._facts.layout.score(raw_scores)
        rows = np.flatnonzero(scores >= self._score)
        if not len(rows):
            return [], answer.use
        rows = rows[np.argsort(-scores[rows], kind="stable")[:MOST_CANDIDATES]]
        found = self._facts.layout.decode(boxes, rows, self._input.size)
        numbers = np.flatnonzero(np.isfinite(found.boxes).all(axis=1))
        kept = numbers[nms(found.boxes[numbers], scores[rows[numbers]], self._overlap)]
        return [self._face(found, index, float(scores[rows[index]]), seen) for index in kept], answer.use

    def _read(self, outputs: list[Array], index: int) -> Floats:
        """An output without its batch, as real values."""
        tensor = self._model.card.outputs[index]
        return dequantise(outputs[index][0], tensor) if tensor.scale else outputs[index][0]

    def _face(self, found: Candidates, index: int, score: float, seen: Box) -> Face:
        """A candidate, in pixels of the frame."""
        corners, points = found.boxes[index].reshape(2, 2).tolist(), found.keypoints[index].tolist()
        (left, top), (right, bottom), *places = [
            (seen.left + x * seen.width, seen.top + y * seen.height) for x, y in (*corners, *points)
        ]
        return Face(Box(left, top, right, bottom), score, dict(zip(self._facts.keypoints, places, strict=False)))
