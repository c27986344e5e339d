"""Batches for training: shuffled, with the hard negatives more often, masked, mixed and with smoothed labels."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edged.training.corpus import KINDS

BATCH = 128
DRONE = KINDS.index("drone")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how hard to train."""

    steps: int = 3200
    peak_rate: float = 2e-3
    weight_decay: float = 1e-3
    label_smoothing: float = 0.02
    mixup_share: float = 0.15
    mined: int = 16
    """So many of each batch are negatives that were taken for drones when they were last seen."""


class Batches:
    """Draws batches, and learns which negatives are hard."""

    def __init__(
        self, features: NDArray[np.float16], classes: NDArray[np.int64], schedule: Schedule, random: Generator
    ) -> None:
        self._features, self._classes = features, classes
        self._schedule, self._random = schedule, random
        count = int(classes.max()) + 1
        smoothing = schedule.label_smoothing
        self._targets = np.eye(count, dtype=np.float32) * (1 - smoothing) + np.float32(smoothing / count)
        self._hardness = np.zeros(classes.size)
        self._order = np.empty(0, np.int64)

    def draw(self) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """Places of the examples (batch,), their features (batch, frames, bands, 1) and targets (batch, classes)."""
        mined = self._mine()
        chosen = np.concatenate([self._next(BATCH - mined.size), mined])
        x = masked(self._features[chosen].astype(np.float32), self._random)
        x, y = mixed(x, self._targets[self._classes[chosen]], self._schedule.mixup_share, self._random)
        return chosen, x[..., None], y

    def learn(self, chosen: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        """Remember how much each of the ``chosen`` was taken for a drone; ``scores`` is (batch, classes)."""
        self._hardness[chosen] = np.where(self._classes[chosen] == DRONE, 0.0, scores[:, DRONE] ** 2)

    def _next(self, count: int) -> NDArray[np.int64]:
        if self._order.size < count:
            self._order = np.concatenate([self._order, self._random.permutation(self._classes.size)])
        head, self._order = self._order[:count], self._order[count:]
        return head

    def _mine(self) -> NDArray[np.int64]:
        cumulative = np.cumsum(self._hardness)
        if self._schedule.mined == 0 or cumulative[-1] <= 0:
            return np.empty(0, np.int64)
        draws = self._random.random(self._schedule.mined) * cumulative[-1]
        return np.asarray(np.minimum(np.searchsorted(cumulative, draws, side="right"), cumulative.size - 1))


def masked(x: NDArray[np.float32], random: Generator) -> NDArray[np.float32]:
    """Set a stretch of time of some and some bands of others to the mean, 0 (SpecAugment, Park et al. 2019)."""
    frames, bands = x.shape[1:]
    for place in np.flatnonzero(random.random(x.shape[0]) < 0.5):
        first, width = random.integers(frames), random.integers(1, max(2, frames // 6))
        x[place, first : first + width] = 0
    for place in np.flatnonzero(random.random(x.shape[0]) < 0.5):
        low, height = random.integers(bands), random.integers(1, max(2, bands // 8))
        x[place, :, low : low + height] = 0
    return x


def mixed(
    x: NDArray[np.float32], y: NDArray[np.float32], share: float, random: Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Blend a ``share`` of the examples, features and targets alike, with others (mixup, Zhang et al. 2018)."""
    count = x.shape[0]
    other = random.permutation(count)
    weight = np.where(random.random(count) < share, random.beta(0.4, 0.4, count), 1.0).astype(np.float32)
    blended = weight[:, None, None] * x + (1 - weight[:, None, None]) * x[other]
    return blended, weight[:, None] * y + (1 - weight[:, None]) * y[other]
