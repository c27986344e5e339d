"""RejectUnknown: drops windows that resemble nothing that the model was trained on.

Mahalanobis distance of the model's embedding to the nearest known class, with one covariance for all classes (Lee et
al. 2018, arXiv:1807.03888), shrunk towards a sphere (Ledoit & Wolf 2004) so that few samples are enough.
"""

import math
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edged.config import Section
from edged.errors import ModelError
from edged.messages.sound import KnownWindow, ScoredWindow

_FIELDS = ("labels", "means", "whitening", "calibration")


class UnknownConfig(Section):
    """When a window is too strange to count."""

    enabled: bool = True
    """Drop strange windows; without it they pass, and their distance is told all the same."""
    quantile: float = Field(0.998, gt=0, le=1)
    """The share of unheard real drones that must lie within the threshold."""
    threshold: float | None = Field(None, gt=0)
    """Greatest distance that passes, in place of the one that `quantile` gives."""


@dataclass(frozen=True, slots=True)
class UnknownStatistics:
    """What is known, in the space of embeddings of length d."""

    labels: tuple[str, ...]
    """Names of the c known classes."""
    means: NDArray[np.float32]
    """Shape (c, d): the whitened mean embedding of each class."""
    whitening: NDArray[np.float32]
    """Shape (d, d): a difference of embeddings times this has the Mahalanobis distance as its length."""
    calibration: NDArray[np.float32]
    """Shape (q,), ascending: distances of drones that training did not see, at evenly spaced quantiles from 0 to 1."""

    def threshold(self, quantile: float) -> float:
        """The distance within which that share of the unheard drones lies; infinite without calibration."""
        if not self.calibration.size:
            return float("inf")
        return float(np.interp(quantile, np.linspace(0.0, 1.0, self.calibration.size), self.calibration))


def shrunk_covariance(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance (d, d) of centred samples (n, d), shrunk towards a sphere by Ledoit and Wolf's share.

    Never singular, not even when all samples are zero.
    """
    count, dimensions = centred.shape
    sample = centred.T @ centred / count
    size = np.trace(sample) / dimensions
    spread = np.sum((sample - size * np.eye(dimensions)) ** 2)
    noise = (np.sum(np.sum(centred**2, axis=1) ** 2) / count - np.sum(sample**2)) / count
    share = min(1.0, noise / spread) if spread > 0 else 1.0
    floor = 1e-6 if size == 0 else 1e-6 * size
    return np.asarray((1 - share) * sample + (share * size + floor) * np.eye(dimensions))


def fit(
    embeddings: NDArray[np.floating], labels: Sequence[str], unheard: NDArray[np.floating] | None = None
) -> UnknownStatistics:
    """Learn what is known from embeddings (n, d) and their n class names; a class may have one sample.

    ``unheard`` (m, d) are embeddings of drones that training did not see: they calibrate the threshold.
    Raises ValueError when there is nothing to learn from.
    """
    if len(embeddings) == 0 or len(embeddings) != len(labels):
        raise ValueError(f"embeddings: {len(embeddings)} for {len(labels)} labels, must be as many and at least 1")
    names, codes = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    data = np.asarray(embeddings, dtype=np.float64)
    means = np.stack([data[codes == code].mean(axis=0) for code in range(len(names))])
    values, vectors = np.linalg.eigh(shrunk_covariance(data - means[codes]))
    whitening = vectors / np.sqrt(values)
    known = UnknownStatistics(
        tuple(names.tolist()),
        (means @ whitening).astype(np.float32),
        whitening.astype(np.float32),
        np.empty(0, np.float32),
    )
    return known if unheard is None else calibrate(known, unheard)


def calibrate(statistics: UnknownStatistics, unheard: NDArray[np.floating]) -> UnknownStatistics:
    """The same knowledge with the distances of ``unheard`` (m, d) as calibration."""
    distances = [mahalanobis(embedding, statistics) for embedding in unheard]
    quantiles = np.quantile(distances, np.linspace(0.0, 1.0, 1001)).astype(np.float32)
    return UnknownStatistics(statistics.labels, statistics.means, statistics.whitening, quantiles)


def mahalanobis(embedding: NDArray[np.floating], statistics: UnknownStatistics) -> float:
    """Distance of an embedding (d,) to the nearest known class, >= 0, in standard deviations."""
    away = embedding.astype(np.float32, copy=False) @ statistics.whitening - statistics.means
    return math.sqrt((away * away).sum(axis=1).min())


def save(statistics: UnknownStatistics, path: Path) -> None:
    """Write as ``.npz`` without pickled objects; the same statistics give the same bytes."""
    arrays = {name: np.asarray(getattr(statistics, name)) for name in _FIELDS}
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(path: Path) -> UnknownStatistics:
    """Read what :func:`save` wrote. Raises :class:`~edged.errors.ModelError` when the file is not that."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            labels, means, whitening, calibration = (file[name] for name in _FIELDS)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: not the statistics of a model ({error}); restore the file") from error
    if whitening.shape != (means.shape[-1], means.shape[-1]) or len(labels) != len(means):
        raise ModelError(f"{path}: means {means.shape} and whitening {whitening.shape} do not fit; restore the file")
    return UnknownStatistics(tuple(map(str, labels)), means, whitening, calibration)


class RejectUnknown:
    """Passes what resembles the known, with the distance as evidence."""

    def __init__(self, config: UnknownConfig, statistics: UnknownStatistics) -> None:
        self._statistics = statistics
        self._threshold = config.threshold or statistics.threshold(config.quantile)
        self._threshold = self._threshold if config.enabled else float("inf")

    def __call__(self, item: ScoredWindow) -> Iterable[KnownWindow]:
        distance = mahalanobis(item.embedding, self._statistics)
        if distance > self._threshold:
            return ()
        found = item.harmonics
        evidence = {
            "distance": distance,
            "f0_hz": found.f0_hz,
            "harmonics": float(found.count),
            "snr_db": found.snr_db,
        }
        return (KnownWindow(item, evidence),)
