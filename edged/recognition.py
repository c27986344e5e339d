"""Whose face is it, by what one look says; and the strangers of late, so that they too stay who they are."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edged.messages.event import ModelUse
from edged.messages.vision import (
    Box,
    Embedding,
    Liveness,
    MatchedFace,
    Nearest,
    Picture,
    RefusedFace,
    TrackedFace,
    Verdict,
)
from edged.vision import crop

UNKNOWN, SPOOF = "unknown", "spoof"
"""Labels of faces that have no name. As opinions: nobody in the gallery, and a picture of a face."""

SURROUNDINGS = 1.25
"""Times the box: what a portrait shows. Little, so that it does not show who stands beside."""


class Levels(NamedTuple):
    """Of similarity, in [-1, 1]."""

    threshold: float
    """Least of a person who is named."""
    margin: float
    """The next person must be this much behind."""
    release: float
    """Who was named stays named down to this."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a face: what it says of whose it is, and why."""

    track: int
    at_s: float
    epoch_s: float
    opinion: str | None
    """``person:<id>``, ``UNKNOWN`` or ``SPOOF``; None where it tells nothing."""
    label: str
    """A name, ``UNKNOWN`` or ``SPOOF``."""
    confidence: float
    """In [0, 1], of the label."""
    embedding: Embedding | None
    """None of a face that must not be embedded."""
    use: ModelUse
    """The model that decided."""
    evidence: Mapping[str, float]
    portrait: Picture | None = None
    """The face, a copy; None where none is wanted."""


def opinion(nearest: Nearest, held: str | None, levels: Levels) -> str | None:
    """``person:<id>``, ``UNKNOWN``, or None where two people are about as similar.

    ``held`` is the opinion that the track's event stands on: that person stays so down to the release level, unless it
    is clearly another.
    """
    recognised = bool(nearest) and nearest[0].similarity >= levels.threshold
    behind = nearest[0].similarity - nearest[1].similarity if nearest[1:] else math.inf
    if recognised and behind >= levels.margin:
        return f"person:{nearest[0].person}"
    if any(f"person:{one.person}" == held and one.similarity >= levels.release for one in nearest):
        return held
    return None if recognised else UNKNOWN


def certainty(similarity: float, threshold: float, width: float = 0.05) -> float:
    """How sure a name is, in (0, 1): the logistic function, 0.5 at ``threshold``, 0.88 two ``width`` above it.

    A scale to read, not a probability. Of `unknown` it is one less this, for the most similar person.
    """
    return 1.0 / (1.0 + math.exp((threshold - similarity) / width))


def look_at(item: MatchedFace, held: str | None, levels: Levels) -> Look:
    """What a matched face says, when its track's event stands on ``held``."""
    checked, near = item.embedded.checked, item.nearest
    said = opinion(near, held, levels)
    named = next((one for one in near if f"person:{one.person}" == said), None)
    about = named or (near[0] if near else None)
    sure = certainty(about.similarity, levels.threshold) if about else 0.0
    told = {"similarity": about.similarity} if about else {}
    others = [one.similarity for one in near if one is not about]
    margin = {"margin": about.similarity - others[0]} if about and others else {}
    return _look(
        checked.aligned.tracked,
        checked.liveness,
        said,
        label=named.name if named else UNKNOWN,
        confidence=sure if named else 1.0 - sure,
        embedding=item.embedded.embedding,
        use=item.embedded.use,
        evidence=told | margin,
    )


def look_at_refused(item: RefusedFace) -> Look:
    """What a face says that must not be embedded: a spoof, or nothing where liveness is unsure."""
    said = SPOOF if item.liveness.verdict is Verdict.SPOOF else None
    sure = 1.0 - item.liveness.score
    return _look(item.tracked, item.liveness, said, SPOOF, sure, embedding=None, use=item.use, evidence={})


def _look(
    face: TrackedFace,
    liveness: Liveness | None,
    opinion: str | None,
    label: str,
    confidence: float,
    embedding: Embedding | None,
    use: ModelUse,
    evidence: dict[str, float],
) -> Look:
    """With what any look tells: how good it was, how live, and where in the frame, in pixels of so many."""
    live = {} if liveness is None else {"liveness": liveness.score}
    box = {f"box_{side}": value for side, value in face.face.box._asdict().items()}
    height, width = face.frame.picture.shape[:2]
    frame = {"frame_width": float(width), "frame_height": float(height)}
    told = {**evidence, "quality": face.quality.overall, **live, **box, **frame}
    return Look(face.track, face.frame.at_s, face.frame.epoch_s, opinion, label, confidence, embedding, use, told)


def cut_portrait(face: TrackedFace, max_side_px: int) -> Picture | None:
    """The face with a little of what is round it, not enlarged, its sides at most ``max_side_px``.

    A copy, so that nothing keeps the frame; None where ``max_side_px`` is 0 or the face is out of the frame.
    """
    height, width = face.frame.picture.shape[:2]
    box = face.face.box
    more_x, more_y = box.width * (SURROUNDINGS - 1) / 2, box.height * (SURROUNDINGS - 1) / 2
    shown = Box(
        max(0.0, box.left - more_x),
        max(0.0, box.top - more_y),
        min(float(width), box.right + more_x),
        min(float(height), box.bottom + more_y),
    )
    if not max_side_px or min(shown.width, shown.height) < 2:
        return None
    scale = min(1.0, max_side_px / max(shown.width, shown.height))
    return crop(face.frame.picture, shown, (max(1, round(shown.width * scale)), max(1, round(shown.height * scale))))


def mean_direction(looks: Iterable[Look]) -> Embedding:
    """The unit vector nearest to all the looks' embeddings."""
    total = np.sum([look.embedding for look in looks if look.embedding is not None], axis=0)
    unit: Embedding = (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)
    return unit


@dataclass(slots=True)
class _Stranger:
    id: str
    embedding: Embedding
    seen_s: float


class Strangers:
    """Remembers who was here of late and is not in the gallery, by their embeddings; at most ``most`` of them."""

    def __init__(self, threshold: float, visit_s: float, most: int = 256) -> None:
        """Embeddings at least ``threshold`` similar are one stranger's; unseen for ``visit_s`` they are forgotten."""
        self._threshold, self._visit_s, self._most = threshold, visit_s, most
        self._known: list[_Stranger] = []

    def __len__(self) -> int:
        return len(self._known)

    def recognise(self, embedding: Embedding, now_s: float, new_id: Callable[[], str]) -> str:
        """The id of the most similar stranger of this visit, or a new one's."""
        self._known = [one for one in self._known if now_s - one.seen_s < self._visit_s]
        best = max(self._known, key=lambda one: float(one.embedding @ embedding), default=None)
        if best is None or float(best.embedding @ embedding) < self._threshold:
            best = _Stranger(new_id(), embedding, now_s)
            self._known = [*sorted(self._known, key=lambda one: one.seen_s), best][-self._most :]
        best.seen_s = now_s
        return best.id

    def saw(self, stranger: str, now_s: float) -> None:
        """They are still here."""
        for one in self._known:
            if one.id == stranger:
                one.seen_s = now_s

    def forget(self) -> None:
        """All of them."""
        self._known = []
