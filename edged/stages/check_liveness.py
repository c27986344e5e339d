"""CheckLiveness: is it a face, or a picture of one? Only what passes is ever embedded.

Several models look at the face with more or less of its surroundings (Minivision's Silent-Face-Anti-Spoofing: the edge
of a sheet or screen, its moiré and its colours give it away); their scores are averaged, and so are the frames.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from edged.config import Section, Slug
from edged.errors import ModelError
from edged.inference.model import Array, Model, dequantise, quantise
from edged.messages.event import ModelUse
from edged.messages.vision import AlignedFace, Box, CheckedFace, Liveness, Picture, RefusedFace, TrackedFace, Verdict
from edged.scaling import Size
from edged.vision import crop

MAX_TRACKS = 256
"""Tracks whose scores are remembered; the one unseen for longest is forgotten first."""


class LivenessConfig(Section):
    """What is done about pictures of faces."""

    enabled: bool = True
    """When off, every face may be embedded."""
    models: tuple[Slug, ...] = Field(("liveness_27", "liveness_40"), min_length=1)
    """Models that tell real faces from pictures; their scores are averaged. `veracity` may be one of them."""
    live: float = Field(0.6, ge=0, le=1)
    """A face with at least this mean score is live."""
    spoof: float = Field(0.3, ge=0, le=1)
    """A face with a mean score below this is a spoof; between the two edged is unsure."""
    frames: int = Field(8, ge=1, le=100)
    """The mean is taken over so many of the last looks at the face."""
    allow: tuple[Literal["live", "unsure", "spoof"], ...] = ("live", "unsure")
    """Faces with these verdicts may be named. Of single stills of real people 86 % are called live, 9 % unsure and
    5 % a spoof (LFW, found by face_rfb_320), so leaving out `unsure` is safer, and misses people."""
    forget_s: float = Field(10.0, gt=0)
    """A face that was not looked at for this long starts afresh."""

    @property
    def models_in_use(self) -> tuple[str, ...]:
        """Those that are asked: none where it is off."""
        return self.models if self.enabled else ()

    @model_validator(mode="after")
    def _levels_are_in_order(self) -> "LivenessConfig":
        if self.spoof > self.live:
            raise ValueError(f"spoof: {self.spoof}, must not be above live ({self.live})")
        return self


def upright(box: Box) -> Box:
    """A quarter higher than wide, from hairline to chin as RetinaFace's boxes are: the models were trained on those.

    A wider box grows mostly upwards (BlazeFace's are square: as they are, 86 % of 200 faces of LFW score above 0.5, so
    92 %), a narrower one to both sides (RFB's: 84 % score above 0.6 as they are, so 88 %); upstream's two spoofs stay
    at 0 to 0.2.
    """
    higher, wider = max(0.0, 1.25 * box.width - box.height), max(0.0, box.height / 1.25 - box.width)
    return Box(box.left - wider / 2, box.top - 0.8 * higher, box.right + wider / 2, box.bottom + 0.2 * higher)


def surroundings(box: Box, factor: float, width: int, height: int) -> Box:
    """``factor`` times the box round its centre, made smaller and moved until it is inside the frame.

    As in upstream's CropImage: the models were trained on such crops, never on padded ones.
    """
    factor = min(factor, width / max(box.width, 1.0), height / max(box.height, 1.0))
    across, down = box.width * factor, box.height * factor
    left = min(max((box.left + box.right - across) / 2, 0.0), max(width - across, 0.0))
    top = min(max((box.top + box.bottom - down) / 2, 0.0), max(height - down, 0.0))
    return Box(left, top, left + across, top + down)


def verdict_of(score: float, config: LivenessConfig) -> Verdict:
    """What a mean score means."""
    if score >= config.live:
        return Verdict.LIVE
    return Verdict.SPOOF if score < config.spoof else Verdict.UNSURE


def score_of(values: NDArray[np.float32], label: int) -> float:
    """Score in [0, 1] of a label from a network's logits, shape (labels,); a network with one label gives the score."""
    if len(values) > 1:
        exponentials = np.exp(values - values.max())
        values = exponentials / exponentials.sum()
    return min(1.0, max(0.0, float(values[label])))


class Judge:
    """One model's opinion of a face: a picture in, a score for the label ``real`` out."""

    def __init__(self, model: Model) -> None:
        """ModelError where the model is not one that tells real faces from others."""
        card = model.card
        if "real" not in card.labels or len(card.inputs[0].shape) != 4:
            raise ModelError(
                f"model {card.name}: labels {', '.join(card.labels) or 'none'}, input {card.inputs[0]}, must have the "
                f"label real and a picture as input; liveness_27, liveness_40 and veracity do"
            )
        self._model = model
        self._input, self._output = card.inputs[0], card.outputs[0]
        self._real = card.labels.index("real")
        self._factor = float(card.parameters.get("crop", 1.0))
        self._rgb = self._input.name == "rgb"
        self._scale = np.float32(1.0 / card.parameters.get("scale", 1.0))

    def surroundings(self, face: Box, width: int, height: int) -> tuple[Box, Size]:
        """Which part of a frame it wants to see of a face, and how large, in pixels."""
        rows, columns = self._input.shape[1:3]
        return surroundings(upright(face), self._factor, width, height), (columns, rows)

    def __call__(self, look: Picture) -> tuple[float, ModelUse]:
        """Score in [0, 1] of the face that ``look`` shows as asked for, and what gave it."""
        answer = self._model.run([self._as_input(look)])
        values = answer.outputs[0].reshape(-1)
        logits = dequantise(values, self._output) if self._output.scale else values
        return score_of(logits, self._real), answer.use

    def _as_input(self, look: Picture) -> Array:
        real = (look[..., ::-1] if self._rgb else look)[None].astype(np.float32) * self._scale
        return quantise(real, self._input) if self._input.scale else real


@dataclass(slots=True)
class _Seen:
    """What was made of one track so far."""

    scores: deque[float]
    at_s: float = field(default=0.0)


class CheckLiveness:
    """Holds the last scores of each track."""

    def __init__(self, config: LivenessConfig, models: Sequence[Model]) -> None:
        """``models``: those of ``config.models_in_use``; ModelError where one cannot judge."""
        self._config = config
        self._judges = [Judge(model) for _, model in zip(config.models_in_use, models, strict=True)]
        self._seen: dict[int, _Seen] = {}

    def __call__(self, item: AlignedFace) -> Iterable[CheckedFace | RefusedFace]:
        if not self._config.enabled:
            return (CheckedFace(item, None),)
        liveness, use = self._check(item.tracked)
        if liveness.verdict.value in self._config.allow:
            return (CheckedFace(item, liveness),)
        return (RefusedFace(item.tracked, liveness, use),)

    def finish(self) -> tuple[()]:
        """The stream stops here: what comes next are other faces."""
        self._seen.clear()
        return ()

    def _check(self, face: TrackedFace) -> tuple[Liveness, ModelUse]:
        picture = face.frame.picture
        height, width = picture.shape[:2]
        look = cache(partial(crop, picture))  # of a face that fills the frame all models are shown the same
        opinions = [judge(look(*judge.surroundings(face.face.box, width, height))) for judge in self._judges]
        seen = self._remember(face.track, face.frame.at_s)
        seen.scores.append(sum(score for score, _ in opinions) / len(opinions))
        mean = sum(seen.scores) / len(seen.scores)
        return Liveness(verdict_of(mean, self._config), mean, len(seen.scores)), opinions[0][1]

    def _remember(self, track: int, now_s: float) -> _Seen:
        """The track's scores, put last; tracks long unseen are forgotten."""
        seen = self._seen.pop(track, None) or _Seen(deque(maxlen=self._config.frames))
        self._seen[track], seen.at_s = seen, now_s
        for number, other in list(self._seen.items()):
            if now_s - other.at_s < self._config.forget_s and len(self._seen) <= MAX_TRACKS:
                break
            del self._seen[number]
        return seen
