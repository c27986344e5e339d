"""How like one another samples are, and how like people who are enrolled already."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edged.gallery.people import Sample
from edged.messages.vision import Embedding


def agreement(sample: Sample, others: Sequence[Sample]) -> float:
    """Mean similarity to ``others`` (at least one), in [-1, 1]."""
    return float(np.mean([sample.embedding @ other.embedding for other in others]))


def disagreeing(samples: Sequence[Sample], least: float) -> list[tuple[Sample, float]]:
    """The samples whose agreement with the others is below ``least``, with it; none where there is only one."""
    if len(samples) < 2:
        return []
    agreements = [(each, agreement(each, [*samples[:at], *samples[at + 1 :]])) for at, each in enumerate(samples)]
    return [(each, likeness) for each, likeness in agreements if likeness < least]


def centre(samples: Sequence[Sample]) -> Embedding:
    """The unit vector amid the samples: steadier than any of them."""
    total = np.sum([sample.embedding for sample in samples], axis=0, dtype=np.float32)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)


def nearest(
    embedding: Embedding, enrolled: NDArray[np.float32], people: Sequence[str], least: float
) -> list[tuple[str, float]]:
    """The people at least ``least`` similar, the most similar first, each once.

    ``enrolled``: (n, d) float32 of unit length; ``people``: the id of each of its rows.
    """
    best: dict[str, float] = {}
    for person, similarity in zip(people, (enrolled @ embedding).tolist() if len(people) else (), strict=True):
        best[person] = max(similarity, best.get(person, -1.0))
    return sorted(((person, value) for person, value in best.items() if value >= least), key=lambda one: -one[1])
