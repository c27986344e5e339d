"""What the stages of the pipeline of faces make of a single picture: no track, no liveness, no votes."""

from collections.abc import Sequence

from edged.inference.model import Model
from edged.messages.vision import (
    AlignedFace,
    CheckedFace,
    DetectedFaces,
    Embedding,
    Face,
    Frame,
    Picture,
    Quality,
    TrackedFace,
)
from edged.stages.align_face import AlignFace
from edged.stages.detect_faces import DetectFaces, DetectionConfig
from edged.stages.embed_face import EmbedFace

UNRATED = Quality(1.0, 1.0, 1.0, 1.0)
"""Nothing on these pictures is left out for its quality."""


def main_face(faces: Sequence[Face], picture: Picture) -> Face:
    """The face that a picture is of: the largest, less twice the square of how far it is from the middle.

    As InsightFace chooses among several. ``faces`` holds at least one.
    """
    height, width = picture.shape[:2]

    def prominence(face: Face) -> float:
        across = face.box.left + face.box.right - width
        down = face.box.top + face.box.bottom - height
        return float(face.box.area - (across * across + down * down) / 2)

    return max(faces, key=prominence)


class StillFace:
    """Finds the face that a picture is of, turns it upright and embeds it."""

    def __init__(self, config: DetectionConfig, detector: Model, landmarks: Model | None, embedder: Model) -> None:
        """ModelError where a model is not one for its task."""
        self._detect = DetectFaces(config, detector, landmarks)
        self._align, self._embed = AlignFace(embedder.card), EmbedFace(embedder)

    def __call__(self, picture: Picture) -> Embedding | None:
        """Its embedding; None where no face is found."""
        detected = self._detect.in_still(Frame(picture, 0.0))
        return self._embedding(detected) if detected.faces else None

    def _embedding(self, detected: DetectedFaces) -> Embedding | None:
        face = main_face(detected.faces, detected.frame.picture)
        for aligned in self._align(TrackedFace(detected.frame, face, 0, UNRATED, detected.use)):
            if isinstance(aligned, AlignedFace):
                return next(iter(self._embed(CheckedFace(aligned, None)))).embedding
        return None
