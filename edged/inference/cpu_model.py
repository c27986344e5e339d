"""CpuModel: a TFLite model on the CPU, its tensors checked against its card."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.errors import ModelError
from edged.inference.card import Card, Tensor, read_card, read_verified
from edged.inference.interpreter import make_interpreter
from edged.messages.event import ModelUse

Array = NDArray[Any]


def quantise(values: NDArray[np.float32], tensor: Tensor) -> Array:
    """Real values -> the tensor's integers, rounded to nearest and held to its range (TFLite's affine scheme)."""
    info = np.iinfo(tensor.dtype)
    scaled = np.rint(values * np.float32(1.0 / tensor.scale)) + np.float32(tensor.zero_point)
    np.maximum(scaled, np.float32(info.min), out=scaled)
    np.minimum(scaled, np.float32(info.max), out=scaled)
    quantised: Array = scaled.astype(tensor.dtype)
    return quantised


def dequantise(values: Array, tensor: Tensor) -> NDArray[np.float32]:
    """The tensor's integers -> real values."""
    return (values.astype(np.float32) - np.float32(tensor.zero_point)) * np.float32(tensor.scale)


class CpuModel:
    """One interpreter and one lock: it may be called from any thread, one at a time."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the model in ``folder``; ModelError where card, file and runtime do not agree."""
        self.card: Card = read_card(folder)
        self.folder = folder
        self.use = ModelUse(self.card.name, self.card.files["cpu"].sha256 if "cpu" in self.card.files else "", "cpu")
        self._lock = threading.Lock()
        self._interpreter = make_interpreter(read_verified(folder, self.card, "cpu"), self.card.name, threads)
        self._inputs = self._check(self._interpreter.get_input_details(), self.card.inputs, "input")
        self._outputs = self._check(self._interpreter.get_output_details(), self.card.outputs, "output")

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """One inference. Arrays in the card's order, shapes and dtypes, and so are the outputs, which are copies.

        ValueError where an input's shape or dtype is not the card's.
        """
        for array, tensor in zip(inputs, self.card.inputs, strict=True):
            if array.shape != tensor.shape or array.dtype != tensor.dtype:
                given = f"{array.dtype}{list(array.shape)}"
                raise ValueError(f"model {self.card.name}: input {tensor.name}: {given}, must be {tensor}")
        with self._lock:
            for index, array in zip(self._inputs, inputs, strict=True):
                self._interpreter.set_tensor(index, array)
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(index) for index in self._outputs]

    def warm_up(self) -> None:
        """Run once on zeros: the first inference takes longer than the others."""
        self.run([np.zeros(tensor.shape, tensor.dtype) for tensor in self.card.inputs])

    def _check(self, details: list[dict[str, Any]], tensors: Sequence[Tensor], kind: str) -> list[int]:
        """The runtime's tensor indices in the card's order; ModelError where the two differ, naming both."""
        if len(details) != len(tensors):
            raise ModelError(f"model {self.card.name}: has {len(details)} {kind}s, its card says {len(tensors)}")
        for detail, tensor in zip(details, tensors, strict=True):
            actual = f"{np.dtype(detail['dtype']).name}[{', '.join(map(str, detail['shape']))}]"
            if actual != str(tensor):
                raise ModelError(f"model {self.card.name}: {kind} {tensor.name} is {actual}, its card says {tensor}")
            scale, zero_point = detail["quantization"]
            if not np.isclose(scale, tensor.scale, rtol=1e-5) or zero_point != tensor.zero_point:
                raise ModelError(
                    f"model {self.card.name}: {kind} {tensor.name} is quantised by {scale:.6g} and {zero_point}, "
                    f"its card says {tensor.scale:.6g} and {tensor.zero_point}"
                )
        return [detail["index"] for detail in details]
