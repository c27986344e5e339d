"""Figures of merit of recognising faces, in plain numpy: pairs of faces, and people in an open set.

Similarities are float, shape (n,), higher for the same person; -inf where a picture showed no face: it is like nobody.
Ratios without a denominator are nan. Words as in Phillips, Grother & Micheals, Handbook of Face Recognition, 2011.
"""

from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np
from numpy.typing import NDArray

Similarities = NDArray[np.float64]
Yes = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lookups:
    """What the search gave for n faces that were looked up in a gallery. Arrays of shape (n,)."""

    best: Similarities
    """Of the most similar person."""
    second: Similarities
    """Of the next; -1 where the gallery holds one person only."""
    right: Yes
    """Whether the most similar is who it was; False for strangers."""

    def named(self, threshold: float, margin: float) -> Yes:
        """Whether a name is given: the best is similar enough, and more similar than the second by ``margin``."""
        with np.errstate(invalid="ignore"):  # no face: -inf less -inf
            return (self.best >= threshold) & (self.best - self.second >= margin)


def share(yes: Yes) -> float:
    """How many of all."""
    return float(yes.mean()) if yes.size else nan


def rank1(known: Lookups) -> float:
    """Share of the known whose most similar person is themselves, however similar."""
    return share(known.right)


def known_named(known: Lookups, threshold: float, margin: float = 0.0) -> float:
    """Share of the known who are given a name, and the right one."""
    return share(known.named(threshold, margin) & known.right)


def strangers_named(strangers: Lookups, threshold: float, margin: float = 0.0) -> float:
    """Share of the strangers who are given a name: the false-positive identification rate."""
    return share(strangers.named(threshold, margin))


def threshold_at(impostors: Similarities, rate: float) -> float:
    """The lowest threshold that at most this share of the impostors reaches; nan without impostors."""
    if not impostors.size:
        return nan
    allowed = int(rate * impostors.size + 1e-9)
    ranked = np.sort(impostors)[::-1]
    return -np.inf if allowed >= ranked.size else float(np.nextafter(ranked[allowed], np.inf))


def named_at(known: Lookups, strangers: Lookups, rate: float, margin: float = 0.0) -> float:
    """Share of the known who get their name where at most ``rate`` of the strangers get one."""
    with np.errstate(invalid="ignore"):
        clear = strangers.best - strangers.second >= margin
    threshold = threshold_at(np.where(clear, strangers.best, -np.inf), rate)
    return nan if isnan(threshold) else known_named(known, threshold, margin)


def tar_at_far(genuine: Similarities, impostors: Similarities, rate: float) -> float:
    """Share of the pairs of one person accepted where at most ``rate`` of the pairs of two people are."""
    threshold = threshold_at(impostors, rate)
    return nan if isnan(threshold) else share(genuine >= threshold)


def error_curve(genuine: Similarities, impostors: Similarities) -> tuple[Similarities, Similarities, Similarities]:
    """False accepts, false rejects and thresholds (ascending, up to +inf), one for each distinct similarity."""
    thresholds = np.append(np.unique(np.concatenate([genuine, impostors])), np.inf)
    rejected = np.searchsorted(np.sort(genuine), thresholds) / max(genuine.size, 1)
    accepted = 1.0 - np.searchsorted(np.sort(impostors), thresholds) / max(impostors.size, 1)
    return accepted, rejected, thresholds


def equal_error_rate(genuine: Similarities, impostors: Similarities) -> float:
    """Where as many are falsely accepted as rejected; the middle of the two where they do not meet exactly."""
    if not genuine.size or not impostors.size:
        return nan
    accepted, rejected, _ = error_curve(genuine, impostors)
    meet = int(np.argmin(np.abs(accepted - rejected)))
    return float(accepted[meet] + rejected[meet]) / 2


def wilson_interval(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of 95 % of a share of n independent trials (Wilson 1927); holds for 0 and 1 too."""
    if not n:
        return nan, nan
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def best_threshold(similarity: Similarities, same: Yes) -> float:
    """The threshold (similarity >= threshold: the same person) that judges most pairs rightly; middle of the gap."""
    order = np.argsort(-similarity, kind="stable")
    ranked, hits = similarity[order], np.cumsum(same[order])
    right = hits + (~same).sum() - (np.arange(1, similarity.size + 1) - hits)
    right[:-1][ranked[1:] == ranked[:-1]] = -1  # a cut cannot lie inside a tie
    if right.max() <= (~same).sum():
        return float(np.nextafter(ranked[0], np.inf))
    at = int(np.argmax(right))
    below = ranked[at + 1] if at + 1 < ranked.size else ranked[at]
    return max(float(ranked[at] + below) / 2, -1.0)


def cross_validated(similarity: Similarities, same: Yes, fold: NDArray[np.int64]) -> list[tuple[float, float]]:
    """Accuracy and threshold of each fold by the threshold that is best on all others (LFW, Huang et al. 2007)."""
    figures = []
    for held_out in np.unique(fold):
        mine = fold == held_out
        threshold = best_threshold(similarity[~mine], same[~mine])
        figures.append((share((similarity[mine] >= threshold) == same[mine]), threshold))
    return figures
