"""ClassifyEvents: asks a model of sound events what is in a window; any number of its labels may be."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edged.errors import ModelError
from edged.inference.files.card import Card, Tensor
from edged.inference.model import Model, dequantise, quantise
from edged.messages.sound_events import LabelledWindow, SoundFeatures

OUTPUTS = ("scores", "logits")


class ClassifyEvents:
    """Features in, a score for each label out."""

    def __init__(self, model: Model) -> None:
        """ModelError where the model is not one for sound events: an output ``scores`` or ``logits``, one a label.

        ``scores`` are taken as they are (YAMNet's are sigmoids: each label on its own), of ``logits`` comes a softmax:
        just one label holds.
        """
        self._model, self._labels = model, model.card.labels
        self._at = output_of(model.card)

    def __call__(self, item: SoundFeatures) -> Iterable[LabelledWindow]:
        card = self._model.card
        answer = self._model.run([as_input(item.values, card.inputs[0])])
        values = answer.outputs[self._at].reshape(-1)
        if card.outputs[self._at].scale:
            values = dequantise(values, card.outputs[self._at])
        scores = softmax(values) if card.outputs[self._at].name == "logits" else np.clip(values, 0.0, 1.0)
        yield LabelledWindow(dict(zip(self._labels, scores.tolist(), strict=True)), answer.use, item.span)


def output_of(card: Card) -> int:
    """The position of the output that has a number for each label; ModelError where there is none."""
    names = [tensor.name for tensor in card.outputs]
    at = next((names.index(name) for name in OUTPUTS if name in names), None)
    if at is None:
        raise ModelError(f"model {card.name}: has no output {' or '.join(OUTPUTS)}, only {', '.join(names)}")
    if card.outputs[at].shape[-1] != len(card.labels):
        raise ModelError(f"model {card.name}: output {card.outputs[at]}, but {len(card.labels)} labels")
    return at


def as_input(values: NDArray[np.float32], tensor: Tensor) -> NDArray[np.generic]:
    """Of the tensor's shape and type."""
    shaped = values.reshape(tensor.shape)
    return quantise(shaped, tensor) if tensor.scale else shaped.astype(tensor.dtype)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores in [0, 1] that sum to 1."""
    exponentials = np.exp(logits - logits.max())
    scores: NDArray[np.float32] = exponentials / exponentials.sum()
    return scores
