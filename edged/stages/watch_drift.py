"""WatchDrift: compares the windows that a model hears with those that it was trained on, as its card has them."""

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from edged.config import Section
from edged.errors import ModelError
from edged.inference.files.card import Card
from edged.messages.sound import HarmonicWindow, Samples, ScoredWindow
from edged.runtime.drift import UNLIKE_TRAINING, Drift, DriftConfig, Reference
from edged.runtime.health import Health

Distance = Callable[[NDArray[np.float32]], float]
"""From an embedding (d,) to the nearest known class."""


class SoundReference(Section):
    """``parameters.reference`` of a card: figures of the windows in training that pass the gate. Each may be absent."""

    input_level_db: Reference | None = None
    """Root mean square of the samples in decibels relative to full scale: the features leave out the level itself."""
    distance: Reference | None = None
    """Of the embedding to the nearest known class, as in RejectUnknown."""
    score: Reference | None = None
    """The greatest of a window's scores, whichever its label: a model is less sure of what it does not know
    (Hendrycks & Gimpel 2017, arXiv:1610.02136)."""


def figures(samples: Samples, scores: Iterable[float], distance: float) -> dict[str, float]:
    """The figures of one window, by their names in :class:`SoundReference`; silence is at -120 dB."""
    power = float(np.dot(samples, samples)) / max(1, len(samples))
    return {"input_level_db": 10.0 * math.log10(power + 1e-12), "distance": distance, "score": max(scores)}


def references(card: Card) -> Mapping[str, Reference]:
    """What the card says, by figure; nothing where it says nothing. ModelError where it cannot be read."""
    try:
        reference = SoundReference.model_validate(card.parameters.get("reference", {}))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, ("parameters", "reference", *first["loc"])))
        raise ModelError(f"model {card.name}: {key}: {first['msg']}; mend its card or install it again") from None
    return {name: known for name, known in reference if known is not None}


class WatchDrift:
    """An onlooker of a model: says in its health when its windows have become unlike those of training."""

    def __init__(self, config: DriftConfig, card: Card, distance: Distance, health: Health) -> None:
        """Nothing is watched, and nothing said, when it is off or where the card has no reference."""
        self._distance, self._part, self._health = distance, f"models.{card.name}", health
        known = references(card) if config.enabled else {}
        self._drift = Drift(card.name, config, known, self._tell) if known else None

    def __call__(self, heard: HarmonicWindow, scored: ScoredWindow) -> None:
        if self._drift is not None:
            distance = self._distance(scored.embedding)
            self._drift.look(figures(heard.window.samples, scored.scores.values(), distance))

    def _tell(self, unlike: bool) -> None:
        self._health.part(self._part).condition(UNLIKE_TRAINING, on=unlike, by_the_wall=True)
