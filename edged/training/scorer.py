"""Runs a converted model over many windows, as the box would."""

import numpy as np
from numpy.typing import NDArray

from edged.inference.interpreter import make_interpreter
from edged.stages.compute_log_mel import LogMelConfig, log_mel


class Scorer:
    """A model in int8 with two outputs, ``logits`` and ``embedding``, told apart by their length."""

    def __init__(self, content: bytes, labels: int) -> None:
        self._interpreter = make_interpreter(content, "drone_sound", 1)
        self.input = self._interpreter.get_input_details()[0]
        self.outputs = self._interpreter.get_output_details()
        self._logits = next(o for o in self.outputs if o["shape"][-1] == labels)
        self._embedding = next(o for o in self.outputs if o["shape"][-1] != labels)

    def __call__(self, features: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits (n, labels) and embeddings (n, d) of features (n, frames, bands), dequantised."""
        scale, zero = self.input["quantization"]
        quantised = np.clip(np.round(features.astype(np.float32) / scale) + zero, -128, 127).astype(np.int8)
        made = [self._invoke(x[None, ..., None]) for x in quantised]
        return _real(self._logits, [m[0] for m in made]), _real(self._embedding, [m[1] for m in made])

    def _invoke(self, x: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        self._interpreter.set_tensor(self.input["index"], x)
        self._interpreter.invoke()
        get = self._interpreter.get_tensor
        return get(self._logits["index"])[0], get(self._embedding["index"])[0]


def features_of(windows: NDArray[np.float32], config: LogMelConfig) -> NDArray[np.float32]:
    """Features of windows (n, samples), one at a time: a big batch does not fit the cache and is slower."""
    return np.stack([log_mel(window, config) for window in windows])


def softmax(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Scores that sum to 1 along the last axis."""
    scaled = logits.astype(np.float64) / temperature
    raised = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def _real(tensor: dict, made: list[NDArray[np.int8]]) -> NDArray[np.float32]:  # type: ignore[type-arg]
    scale, zero = tensor["quantization"]
    return np.asarray((np.stack(made).astype(np.float32) - zero) * scale, np.float32)
