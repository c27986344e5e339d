"""ClassifySound: asks the model what a window's features are."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edged.errors import ModelError
from edged.inference.model import Answer, Model, dequantise, quantise
from edged.messages.sound import LogMelWindow, ScoredWindow


def softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float32]:
    """Scores in [0, 1] that sum to 1 along the last axis; over 1, ``temperature`` makes them less sure (Guo 2017)."""
    shifted = (logits - logits.max(axis=-1, keepdims=True)) / np.float32(temperature)
    exponentials = np.exp(shifted)
    scores: NDArray[np.float32] = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return scores


class ClassifySound:
    """Features in, scores by label and the embedding out."""

    def __init__(self, model: Model) -> None:
        """ModelError where the model is not one for sound: outputs ``logits`` and ``embedding``, one label a logit."""
        card = model.card
        self._model = model
        self._input = card.inputs[0]
        self._logits, self._embedding = card.output("logits"), card.output("embedding")
        self._temperature = float(card.parameters.get("temperature", 1.0))
        if card.outputs[self._logits].shape[-1] != len(card.labels):
            raise ModelError(f"model {card.name}: output {card.outputs[self._logits]}, but {len(card.labels)} labels")

    def __call__(self, item: LogMelWindow) -> Iterable[ScoredWindow]:
        answer = self._ask(item.features)
        scores, embedding = self._read(answer)
        labelled = dict(zip(self._model.card.labels, scores.tolist(), strict=True))
        yield ScoredWindow(labelled, embedding, answer.use, item.harmonics, item.span)

    def score(self, features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores, shape (labels,), and embedding, shape (d,), of one window's features, shape (frames, bands)."""
        return self._read(self._ask(features))

    def _ask(self, features: NDArray[np.float32]) -> Answer:
        return self._model.run([quantise(features.reshape(self._input.shape), self._input)])

    def _read(self, answer: Answer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        logits, embedding = (
            dequantise(answer.outputs[i][0], self._model.card.outputs[i]) for i in (self._logits, self._embedding)
        )
        return softmax(logits, self._temperature), embedding
