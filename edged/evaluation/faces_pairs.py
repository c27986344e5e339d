"""Are two pictures of the same person? The protocol of Labeled Faces in the Wild (Huang et al. 2007).

The file begins with ``folds pairs``; each fold has ``pairs`` lines ``name i j`` (the same person) and then as many
``name i name j`` (two people); pictures are ``DIR/<name>/<name>_<i as four digits>.jpg``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edged.errors import EdgedError
from edged.evaluation.faces import RATES, Look
from edged.evaluation.faces_metrics import cross_validated, equal_error_rate, tar_at_far, threshold_at
from edged.messages.vision import Embedding


class PairsError(EdgedError):
    """A file of pairs cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures."""

    one: Path
    other: Path
    same: bool
    """Whether they are of one person."""
    fold: int


def read_pairs(path: Path, directory: Path) -> list[Pair]:
    """The pairs of a file, whether their pictures are there or not. PairsError with the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PairsError(f"--pairs: {path}: cannot be read ({error})") from None
    head = lines[0].split() if lines else []
    if len(head) != 2 or not all(map(_is_count, head)) or int(head[0]) < 2:
        raise PairsError(f"{path}:1: must be the number of folds (2 or more) and of pairs of each kind in one")
    if len(lines) - 1 != (wanted := int(head[0]) * int(head[1]) * 2):
        raise PairsError(f"{path}: {len(lines) - 1} pairs, must be {wanted} by its first line")
    per_fold = 2 * int(head[1])
    return [_pair(f"{path}:{at + 2}", line.split(), at // per_fold, directory) for at, line in enumerate(lines[1:])]


def evaluate_pairs(
    look: Look, path: Path, directory: Path, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> dict[str, Any]:
    """Accuracy over the folds, each by the threshold that is best on all others, as plain numbers that JSON can hold.

    Pairs with a picture that is not there are left out and counted; a picture without a face is like no other.
    PairsError where two folds with pairs of both kinds are not left.
    """
    pairs = read_pairs(path, directory)
    here = [pair for pair in pairs if pair.one.is_file() and pair.other.is_file()]
    same = np.array([pair.same for pair in here], dtype=bool)
    fold = np.array([pair.fold for pair in here], dtype=np.int64)
    if same.all() or not same.any() or np.unique(fold).size < 2:
        raise PairsError(f"{path}: {len(here)} of {len(pairs)} pairs have their pictures in {directory}: too few")
    paths = sorted({path for pair in here for path in (pair.one, pair.other)})
    seen: dict[Path, Embedding | None] = {}
    for done, picture in enumerate(paths, 1):
        seen[picture] = look(picture)
        progress(done, len(paths))
    similarity = np.array([_similarity(seen[pair.one], seen[pair.other]) for pair in here])
    accuracies, thresholds = np.array(cross_validated(similarity, same, fold)).T
    genuine, impostors = similarity[same], similarity[~same]
    return {
        "n": len(here),
        "missing": len(pairs) - len(here),
        "detection_rate": sum(face is not None for face in seen.values()) / len(seen),
        "accuracy": float(accuracies.mean()),
        "standard_error": float(accuracies.std(ddof=1) / np.sqrt(accuracies.size)),
        "threshold": float(thresholds.mean()),
        "tar_at_far": {str(rate): tar_at_far(genuine, impostors, rate) for rate in RATES},
        "threshold_at_far": {str(rate): threshold_at(impostors, rate) for rate in RATES},
        "eer": equal_error_rate(genuine, impostors),
    }


def _pair(where: str, words: list[str], fold: int, directory: Path) -> Pair:
    match words:
        case [name, one, other] if _is_count(one) and _is_count(other):
            return Pair(_picture(directory, name, one), _picture(directory, name, other), same=True, fold=fold)
        case [name, one, other_name, other] if _is_count(one) and _is_count(other):
            two = _picture(directory, other_name, other)
            return Pair(_picture(directory, name, one), two, same=False, fold=fold)
        case _:
            raise PairsError(f"{where}: {' '.join(words)!r}, must be `name i j` or `name i name j`")


def _picture(directory: Path, name: str, number: str) -> Path:
    return directory / name / f"{name}_{int(number):04d}.jpg"


def _is_count(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _similarity(one: Embedding | None, other: Embedding | None) -> float:
    return float(one @ other) if one is not None and other is not None else -np.inf
