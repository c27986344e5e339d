"""TrackFaces: the same number for the same face from frame to frame, and which of its frames are worth a look.

Where the whole picture changes (a film's cut, a camera that is turned) all faces are new, wherever they are.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.messages.vision import Box, DetectedFaces, Face, Glimpse, Picture, Quality, TrackedFace
from edged.pairing import distance, pair
from edged.scene import Scene
from edged.vision import crop

__all__ = ["TrackFaces", "TrackingConfig", "distance", "pair"]

LOOK_SIDE = 64
"""Pixels of the side of the picture that sharpness and light are measured on."""


class TrackingConfig(Section):
    """How faces are followed, and when one is looked at."""

    reach: float = Field(1.0, gt=0)
    """Farthest that a face may go from frame to frame, in widths of the face; a change of size counts too."""
    lost_s: float = Field(1.0, gt=0)
    """A face unseen for this long is lost: when it comes back it has a new number."""
    max_tracks: int = Field(32, ge=1, le=256)
    """Faces followed at a time; the one unseen for longest goes first."""
    min_score: float = Field(0.75, ge=0, le=1)
    """A face is looked at only when the detector is this sure; tied to the detector. face_blaze_back is, of 99.5 % of
    faces in portraits (LFW), but not of 95 % of the backs of heads that it takes for faces."""
    min_quality: float = Field(0.25, ge=0, le=1)
    """A face is looked at only when size, sharpness, pose and light are each at least this good."""
    first_looks: int = Field(3, ge=1)
    """A new face is looked at this often without waiting, so that it is soon named."""
    look_s: float = Field(0.25, ge=0)
    """After that it is looked at this often..."""
    better: float = Field(1.25, ge=1)
    """...and at once when it is better than it was at every look before, by this factor."""
    full_eyes_px: float = Field(35.0, gt=0)
    """Eyes this far apart are large enough: that is how far they are apart in the embedder's input."""


def ramp(value: float, worst: float, best: float) -> float:
    """0 at ``worst`` and beyond, 1 at ``best`` and beyond, straight between."""
    return min(1.0, max(0.0, (value - worst) / (best - worst)))


def eye_distance(face: Face) -> float:
    """Pixels between the eyes; where the detector gives none, what it is of a usual face as wide as the box."""
    if "left_eye" in face.keypoints and "right_eye" in face.keypoints:
        return math.dist(face.keypoints["left_eye"], face.keypoints["right_eye"])
    return 0.42 * face.box.width


def frontality(keypoints: Mapping[str, tuple[float, float]]) -> float:
    """1 where the nose is in the middle between the eyes, 0 where it is under or beyond one of them.

    Along the line of the eyes, so that a tilted head counts as straight; 1 where there are no keypoints to tell.
    """
    if not {"left_eye", "right_eye", "nose"} <= keypoints.keys():
        return 1.0
    right, left, nose = (np.array(keypoints[name]) for name in ("right_eye", "left_eye", "nose"))
    line = left - right
    squared = float(line @ line)
    return max(0.0, 1.0 - 2.0 * abs(float((nose - right) @ line) / squared - 0.5)) if squared > 0 else 0.0


def sharpness_and_light(look: Picture) -> tuple[float, float]:
    """Both in [0, 1], of a face (n, n, 3) scaled to ``LOOK_SIDE``.

    Sharpness is the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) over that of the brightness, so that
    contrast does not matter; light is poor where the face is dark, burnt out or without contrast.
    """
    import cv2

    grey = np.ascontiguousarray(look[..., 1])
    (_, edges), (mean, spread) = (_mean_and_spread(each) for each in (cv2.Laplacian(grey, cv2.CV_32F), grey))
    sharpness = (edges / max(spread, 1.0)) ** 2
    return ramp(sharpness, 0.0, 0.2), min(ramp(mean, 20.0, 60.0), ramp(mean, 250.0, 210.0), ramp(spread, 5.0, 25.0))


def _mean_and_spread(values: NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation of all but the outermost pixels, whose neighbours are not all there."""
    import cv2

    mean, spread = cv2.meanStdDev(values[1:-1, 1:-1])
    return float(mean[0, 0]), float(spread[0, 0])


def quality_of(face: Face, picture: Picture, full_eyes_px: float) -> Quality:
    """How good a face is, from its keypoints and from the picture inside its box."""
    sharpness, light = sharpness_and_light(crop(picture, face.box, (LOOK_SIDE, LOOK_SIDE)))
    return Quality(min(1.0, eye_distance(face) / full_eyes_px), sharpness, frontality(face.keypoints), light)


@dataclass(slots=True)
class _Track:
    """A face that is followed."""

    number: int
    box: Box
    seen_s: float
    looks: int = 0
    looked_s: float = -math.inf
    best: float = 0.0
    """The best quality at a look so far."""


class TrackFaces:
    """Holds the faces that are followed."""

    def __init__(self, config: TrackingConfig) -> None:
        self._config = config
        self._numbers = itertools.count(1)
        self._tracks: list[_Track] = []
        self._scene = Scene()

    def __call__(self, item: DetectedFaces) -> Iterator[TrackedFace | Glimpse]:
        now_s = item.frame.at_s
        if self._scene.changes(item.frame.picture):
            self._tracks = []
        self._tracks = [track for track in self._tracks if now_s - track.seen_s < self._config.lost_s]
        known = list(self._tracks)
        paired = pair([track.box for track in known], [face.box for face in item.faces], self._config.reach)
        for index, face in enumerate(item.faces):
            track = known[paired[index]] if index in paired else self._begin(face, now_s)
            track.box, track.seen_s = face.box, now_s
            yield self._look(track, face, item)
        self._tracks = sorted(self._tracks, key=lambda track: track.seen_s)[-self._config.max_tracks :]

    def finish(self) -> tuple[()]:
        """The stream stops here: what comes next are other faces."""
        self._tracks = []
        return ()

    def _begin(self, face: Face, now_s: float) -> _Track:
        self._tracks.append(_Track(next(self._numbers), face.box, now_s))
        return self._tracks[-1]

    def _look(self, track: _Track, face: Face, item: DetectedFaces) -> TrackedFace | Glimpse:
        frame, config = item.frame, self._config
        quality = quality_of(face, frame.picture, config.full_eyes_px)
        due = track.looks < config.first_looks or frame.at_s - track.looked_s >= config.look_s
        worth = face.score >= config.min_score and quality.overall >= config.min_quality
        if not worth or not (due or quality.overall >= config.better * track.best):
            return Glimpse(track.number, frame.at_s, frame.epoch_s)
        track.looks, track.looked_s = track.looks + 1, frame.at_s
        track.best = max(track.best, quality.overall)
        return TrackedFace(frame, face, track.number, quality, item.use)
