"""EmbedFace: from an aligned face to the unit vector that stands for whose it is."""

from collections.abc import Iterable

import numpy as np

from edged.errors import ModelError
from edged.inference.files.card import Tensor
from edged.inference.model import Answer, Array, Model, dequantise, quantise
from edged.messages.vision import CheckedFace, EmbeddedFace, Embedding, Picture


def as_input(picture: Picture, tensor: Tensor) -> Array:
    """Blue, green, red (h, w, 3) -> red, green, blue as the model wants it, shape (1, h, w, 3).

    A quantised tensor's real values are the pixels' 0 to 255; a float tensor gets them as they are.
    """
    import cv2

    rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)[None]
    if tensor.dtype == "uint8" and (tensor.scale, tensor.zero_point) == (1.0, 0):
        return rgb
    real = rgb.astype(np.float32)
    return quantise(real, tensor) if tensor.scale else real


def unit(values: Array) -> Embedding:
    """The direction of ``values``, shape (d,), as float32 of length 1; all zeros have none and stay zeros."""
    length = float(np.linalg.norm(values.astype(np.float64)))
    scaled: Embedding = (values / length if length > 0 else values).astype(np.float32, copy=False)
    return scaled


class EmbedFace:
    """Asks the embedder."""

    def __init__(self, model: Model) -> None:
        """ModelError where the model is not one that embeds faces: a picture in, the output ``embedding``."""
        card = model.card
        self._model = model
        self._input = card.inputs[0]
        self._at = card.output("embedding")
        self._output = card.outputs[self._at]
        if card.task != "face-embedding" or len(self._input.shape) != 4 or self._input.shape[-1] != 3:
            raise ModelError(
                f"model {card.name}: {card.task}, input {self._input}, must be face-embedding with a picture "
                f"[1, height, width, 3]; `edged models build face_embedding` makes one"
            )

    def __call__(self, item: CheckedFace) -> Iterable[EmbeddedFace]:
        answer = self._ask(item.aligned.picture)
        yield EmbeddedFace(item, self._read(answer), answer.use)

    def embed(self, picture: Picture) -> Embedding:
        """The embedding of one aligned face, shape (height, width, 3) as the embedder's input."""
        return self._read(self._ask(picture))

    def _ask(self, picture: Picture) -> Answer:
        return self._model.run([as_input(picture, self._input)])

    def _read(self, answer: Answer) -> Embedding:
        values = answer.outputs[self._at].reshape(-1)
        return unit(dequantise(values, self._output) if self._output.scale else values)
