"""What travels along the pipeline of faces, from the camera's frame to the matched face.

Each type is made by one stage and asked for by the next, so that a stage left out is a type error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edged.messages.event import ModelUse

Picture = NDArray[np.uint8]
"""Shape (height, width, 3), uint8, blue, green, red as OpenCV has them; not to be written to: several read it."""
Points = NDArray[np.float32]
"""Shape (n, 2): x to the right and y down, in pixels of the frame; whole numbers are pixels' left and upper edges."""
Embedding = NDArray[np.float32]
"""Shape (d,), of unit length: the dot product of two is their similarity in [-1, 1]."""


class Box(NamedTuple):
    """A rectangle in pixels of the frame; it may reach over the frame's edges."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Square pixels; 0 for a box turned inside out."""
        return max(0.0, self.width) * max(0.0, self.height)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a camera hands over."""

    picture: Picture
    at_s: float
    """Seconds of the stream."""
    epoch_s: float = 0.0
    """Unix time of the stream's second 0."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face that a detector found."""

    box: Box
    score: float
    """In [0, 1]."""
    keypoints: Mapping[str, tuple[float, float]]
    """``right_eye``, ``left_eye`` (the person's own right and left), ``nose``, ``mouth``; empty where it has none."""


@dataclass(frozen=True, slots=True)
class DetectedFaces:
    """A frame with all its faces, the surest first; there may be none."""

    frame: Frame
    faces: tuple[Face, ...]
    use: ModelUse


@dataclass(frozen=True, slots=True)
class Quality:
    """Why a face is worth looking at. Each in [0, 1]; 1 is best."""

    size: float
    sharpness: float
    pose: float
    """1 looks straight at the camera."""
    light: float

    @property
    def overall(self) -> float:
        """As good as the worst."""
        return min(self.size, self.sharpness, self.pose, self.light)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A tracked face in a frame that was not looked at: too poor, or another frame of late was better."""

    track: int
    at_s: float
    epoch_s: float


@dataclass(frozen=True, slots=True)
class TrackedFace:
    """A face that is worth looking at, and whose it was in the frames before."""

    frame: Frame
    face: Face
    track: int
    """The same number for the same face from frame to frame; never used again for another."""
    quality: Quality
    use: ModelUse
    """The detector."""


@dataclass(frozen=True, slots=True)
class AlignedFace:
    """A face turned upright and scaled so that its eyes are where the embedder expects them."""

    tracked: TrackedFace
    picture: Picture
    """As large as the embedder's input."""


class Verdict(StrEnum):
    """What liveness says of a face."""

    LIVE = "live"
    SPOOF = "spoof"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Liveness:
    """Whether a face is of flesh and blood."""

    verdict: Verdict
    score: float
    """In [0, 1], 1 is live: the mean over the frames of this track."""
    frames: int


@dataclass(frozen=True, slots=True)
class RefusedFace:
    """A face that must not be embedded, because it is (or may be) a picture of a face."""

    tracked: TrackedFace
    liveness: Liveness
    use: ModelUse


@dataclass(frozen=True, slots=True)
class CheckedFace:
    """A face that may be embedded."""

    aligned: AlignedFace
    liveness: Liveness | None
    """None where liveness is not checked."""


@dataclass(frozen=True, slots=True)
class EmbeddedFace:
    """A face as the embedder sees it."""

    checked: CheckedFace
    embedding: Embedding
    use: ModelUse
    """The embedder."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person in the gallery who a face may be."""

    person: str
    """Their id."""
    name: str
    similarity: float
    """In [-1, 1], of the most similar of their embeddings."""


Nearest = tuple[Candidate, ...]
"""The most similar people, best first, each once: two, or fewer where the gallery has no more."""


@dataclass(frozen=True, slots=True)
class MatchedFace:
    """A face with the people who are most like it."""

    embedded: EmbeddedFace
    nearest: Nearest
