"""Judges how well people are recognised, by a folder of pictures; through the very stages of the pipeline of faces."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.evaluation import faces_metrics as metrics
from edged.evaluation.faces_folder import FacesFolderError, Labelled, read_folder
from edged.evaluation.faces_metrics import Lookups, Similarities
from edged.messages.vision import Embedding

Look = Callable[[Path], Embedding | None]
"""The embedding of the face on a picture; None where no face is found."""
RATES = (0.01, 0.001)
"""Of strangers named, or of pairs of two people accepted, at which the figures are told."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What the stages made of a folder."""

    pictures: int
    detected: int
    """Pictures with a face."""
    known: Lookups
    strangers: Lookups
    genuine: Similarities
    """Of each probe to each picture in the gallery of the same person."""
    impostors: Similarities
    """Of each probe and each stranger to each picture of others."""


def evaluate(look: Look, directory: Path, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Scores:
    """Look at every picture of a folder laid out as :mod:`edged.evaluation.faces_folder` says.

    ``progress(done, total)`` is called after each. Raises
    :class:`~edged.evaluation.faces_folder.FacesFolderError`, and what ``look`` raises.
    """
    folder = read_folder(directory)
    labelled = (*folder.gallery, *folder.probes, *folder.strangers)
    seen: dict[Path, Embedding | None] = {}
    for done, picture in enumerate(labelled, 1):
        seen[picture.path] = look(picture.path)
        progress(done, len(labelled))
    return compare(folder.gallery, folder.probes, folder.strangers, seen)


def compare(
    gallery: Sequence[Labelled],
    probes: Sequence[Labelled],
    strangers: Sequence[Labelled],
    seen: Mapping[Path, Embedding | None],
) -> Scores:
    """Search each probe and each stranger in the gallery. FacesFolderError where no face was found in all of that."""
    enrolled = [(picture.person, face) for picture in gallery if (face := seen[picture.path]) is not None]
    if not enrolled:
        raise FacesFolderError("gallery/: no face was found on any picture; enrol larger, sharper pictures")
    people = np.array([person for person, _ in enrolled])
    matrix = np.stack([face for _, face in enrolled])
    to_probes, to_strangers = (similarities(matrix, seen, asked) for asked in (probes, strangers))
    same = np.array([picture.person for picture in probes])[:, None] == people
    looked_at = {picture.path for picture in (*gallery, *probes, *strangers)}
    return Scores(
        pictures=len(looked_at),
        detected=sum(seen[path] is not None for path in looked_at),
        known=look_up(to_probes, people, [picture.person for picture in probes]),
        strangers=look_up(to_strangers, people, [picture.person for picture in strangers]),
        genuine=to_probes[same],
        impostors=np.concatenate([to_probes[~same], to_strangers.ravel()]),
    )


def similarities(
    matrix: NDArray[np.float32], seen: Mapping[Path, Embedding | None], asked: Sequence[Labelled]
) -> NDArray[np.float64]:
    """Of n pictures to the rows of a matrix (m, d), shape (n, m); -inf where no face was found."""
    nobody = np.full(len(matrix), -np.inf)
    faces = [seen[picture.path] for picture in asked]
    rows = [nobody if face is None else (matrix @ face).astype(np.float64) for face in faces]
    return np.array(rows).reshape(len(asked), len(matrix))


def look_up(similarity: NDArray[np.float64], people: NDArray[np.str_], truth: Sequence[str]) -> Lookups:
    """The exact search: each of the people counts by the most similar of their pictures; the best two of them."""
    names = np.unique(people)
    by_person = np.stack([similarity[:, people == name].max(axis=1) for name in names], axis=1)
    alone = np.full((len(similarity), 1), -1.0)
    first, second = np.sort(np.concatenate([by_person, alone], axis=1), axis=1)[:, :-3:-1].T
    found = names[by_person.argmax(axis=1)] == np.asarray(truth)
    faces = np.isfinite(by_person).any(axis=1)
    return Lookups(np.where(faces, first, -np.inf), second, found & faces)


def figures(scores: Scores, threshold: float, margin: float) -> dict[str, Any]:
    """The figures of merit, as plain numbers that JSON can hold; nan becomes None."""
    known, strangers = scores.known, scores.strangers
    found: dict[str, Any] = {
        "n": scores.pictures,
        "detection_rate": scores.detected / scores.pictures,
        "rank1": metrics.rank1(known),
        "known_named": metrics.known_named(known, threshold, margin),
        "strangers_named": metrics.strangers_named(strangers, threshold, margin),
        "named_at_far": {str(rate): metrics.named_at(known, strangers, rate, margin) for rate in RATES},
        "tar_at_far": {str(rate): metrics.tar_at_far(scores.genuine, scores.impostors, rate) for rate in RATES},
        "eer": metrics.equal_error_rate(scores.genuine, scores.impostors),
        "threshold": threshold,
    }
    return {name: _without_nan(value) for name, value in found.items()}


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(one) for name, one in value.items()}
    return None if value != value else value  # noqa: PLR0124  (only nan differs from itself)
