"""Examiner: what a picture teaches of a person, or why it teaches nothing; by the stages that look at live faces."""

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edged.enrolment.config import EnrolmentConfig
from edged.errors import GalleryError
from edged.gallery.crops import encode_crop
from edged.gallery.people import Sample
from edged.messages.vision import AlignedFace, CheckedFace, Embedding, Face, Frame, Picture, Quality, TrackedFace
from edged.pipelines.faces import FaceModels, FacesConfig
from edged.stages.align_face import AlignFace
from edged.stages.check_liveness import CheckLiveness
from edged.stages.detect_faces import DetectFaces
from edged.stages.embed_face import EmbedFace
from edged.stages.track_faces import quality_of


class Reason(StrEnum):
    """Why a picture teaches nothing."""

    NO_FACE = "no face"
    SEVERAL = "several faces"
    SMALL = "face too small"
    DARK = "poor light"
    BLURRED = "blurred"
    TURNED = "turned away"
    SPOOF = "looks like a picture of a face"


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was made of one picture: either a sample or a reason."""

    sample: Sample | None
    reason: Reason | None
    turn: float = 0.0
    """In [-1, 1]: negative where the person looks to their own right, 0 straight at the camera."""


def main_face(faces: tuple[Face, ...], clearly_larger: float) -> Face | Reason:
    """The one face that the picture is of."""
    if not faces:
        return Reason.NO_FACE
    first, *others = sorted(faces, key=lambda face: -face.box.area)
    return Reason.SEVERAL if others and first.box.area < clearly_larger * others[0].box.area else first


def fault_of(quality: Quality, config: EnrolmentConfig) -> Reason | None:
    """What is wrong with a face, what can be mended most easily first; None where it is good enough."""
    needs = (
        (quality.size, config.min_size, Reason.SMALL),
        (quality.light, config.min_light, Reason.DARK),
        (quality.pose, config.min_pose, Reason.TURNED),
        (quality.sharpness, config.min_sharpness, Reason.BLURRED),
    )
    return next((reason for value, least, reason in needs if value < least), None)


def turn_of(keypoints: Mapping[str, tuple[float, float]]) -> float:
    """Which way a face looks, in [-1, 1]: where the nose is between the eyes, along their line; 0 without keypoints."""
    if not {"left_eye", "right_eye", "nose"} <= keypoints.keys():
        return 0.0
    right, left, nose = (np.array(keypoints[name]) for name in ("right_eye", "left_eye", "nose"))
    line = left - right
    squared = float(line @ line)
    return min(1.0, max(-1.0, 2.0 * float((nose - right) @ line) / squared - 1.0)) if squared > 0 else 0.0


class Examiner:
    """The stages, ready; any thread may ask, one is answered at a time."""

    def __init__(self, config: EnrolmentConfig, faces: FacesConfig, models: FaceModels, *, keep_crops: bool) -> None:
        """ModelError where a model is not one for its task."""
        self._config, self._keep_crops = config, keep_crops
        self._full_eyes_px = faces.tracking.full_eyes_px
        self._detect = DetectFaces(faces.detection, models.detector, models.landmarks)
        self._align = AlignFace(models.embedder.card)
        self._check = CheckLiveness(faces.liveness, models.liveness)
        self._embed = EmbedFace(models.embedder)
        card = models.embedder.card
        self.embedder = (card.name, card.files["cpu"].sha256)
        """The embedder's name and the sha256 of its file for the CPU."""
        self._shape = card.inputs[0].shape[1:]
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def new_track(self) -> int:
        """For pictures that show the same person: their liveness is averaged."""
        return next(self._numbers)

    def __call__(self, frame: Frame, origin: str, track: int, *, must_live: bool) -> Look:
        """``origin``: where the picture is from; where ``must_live`` is false, liveness is not looked at."""
        with self._lock:
            detected = self._detect.in_still(frame)
            face = main_face(detected.faces, self._config.clearly_larger)
            if isinstance(face, Reason):
                return Look(None, face)
            quality, turn = quality_of(face, frame.picture, self._full_eyes_px), turn_of(face.keypoints)
            if fault := fault_of(quality, self._config):
                return Look(None, fault, turn)
            tracked = TrackedFace(frame, face, track, quality, detected.use)
            return self._sample(tracked, origin, turn, must_live=must_live)

    def embed(self, picture: Picture) -> Embedding:
        """Of a face that was aligned before; GalleryError where it is of another size than this embedder takes."""
        if picture.shape != self._shape:
            wanted, given = (" x ".join(map(str, shape[1::-1])) for shape in (self._shape, picture.shape))
            raise GalleryError(f"crop: {given} pixels, must be {wanted} for {self.embedder[0]}; enrol the people anew")
        with self._lock:
            return self._embed.embed(picture)

    def _sample(self, tracked: TrackedFace, origin: str, turn: float, *, must_live: bool) -> Look:
        aligned = next(iter(self._align(tracked)))
        if not isinstance(aligned, AlignedFace):
            return Look(None, Reason.TURNED, turn)  # its eyes cannot be found
        checked = next(iter(self._check(aligned))) if must_live else CheckedFace(aligned, None)
        if not isinstance(checked, CheckedFace):
            return Look(None, Reason.SPOOF, turn)
        embedded = next(iter(self._embed(checked)))
        frame = tracked.frame
        return Look(
            Sample(
                embedding=embedded.embedding,
                model=embedded.use.name,
                sha256=self.embedder[1],
                quality=tracked.quality.overall,
                at_s=frame.epoch_s + frame.at_s,
                origin=origin,
                crop=encode_crop(aligned.picture) if self._keep_crops else None,
            ),
            None,
            turn,
        )
