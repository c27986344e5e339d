"""Model: what a pipeline sees of inference, wherever it runs; and the arithmetic of quantised tensors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from edged.inference.files.card import Card, Tensor
from edged.messages.event import ModelUse

Array = NDArray[Any]


class Answer(NamedTuple):
    """What one inference gave."""

    outputs: list[Array]
    """In the card's order, shapes and dtypes; copies, so they are the caller's."""
    use: ModelUse
    """The model, and the device that answered this time."""


class Model(Protocol):
    """One model, ready to run. Any thread may ask it; it answers one at a time."""

    @property
    def card(self) -> Card:
        """The model's facts."""
        ...

    @property
    def folder(self) -> Path:
        """Where its card and files are."""
        ...

    @property
    def home(self) -> str:
        """The device that is asked first: ``cpu``, ``usb:0``."""
        ...

    def close(self) -> None:
        """It will not be asked any longer."""

    def run(self, inputs: Sequence[Array]) -> Answer:
        """One inference. ``inputs`` in the card's order, shapes and dtypes; ValueError where they are not."""
        ...


def check_inputs(card: Card, inputs: Sequence[Array]) -> None:
    """ValueError that names what was given and what must be, unless ``inputs`` are as the card says."""
    if len(inputs) != len(card.inputs):
        raise ValueError(f"model {card.name}: {len(inputs)} inputs, must be {len(card.inputs)}")
    for array, tensor in zip(inputs, card.inputs, strict=True):
        if array.shape != tensor.shape or array.dtype != tensor.dtype:
            given = f"{array.dtype}[{', '.join(map(str, array.shape))}]"
            raise ValueError(f"model {card.name}: input {tensor.name}: {given}, must be {tensor}")


def zeros(card: Card) -> list[Array]:
    """Inputs of nothing but zeros."""
    return [np.zeros(tensor.shape, tensor.dtype) for tensor in card.inputs]


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
