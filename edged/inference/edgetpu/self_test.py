"""Does the Edge TPU tell the truth? A known input is run on both, and the answers are compared."""

from collections.abc import Sequence

import numpy as np

from edged.inference.files.card import Card
from edged.inference.model import Array, zeros

MEAN_STEPS, MOST_STEPS = 2.0, 25.0
"""How far the outputs may differ, in quantisation steps: on average, and at most. Kernels round in different places."""


def known_inputs(card: Card) -> list[list[Array]]:
    """Inputs that are the same each time: zeros, and noise over the tensors' range ([0, 1] where they are float)."""
    random = np.random.default_rng(0)
    noise: list[Array] = []
    for tensor in card.inputs:
        if tensor.dtype == "float32":
            noise.append(random.random(tensor.shape, np.float32))
        else:
            info = np.iinfo(tensor.dtype)
            noise.append(random.integers(info.min, info.max, tensor.shape, tensor.dtype, endpoint=True))
    return [zeros(card), noise]


def difference(card: Card, expected: Sequence[Array], actual: Sequence[Array]) -> str | None:
    """What is wrong with ``actual``, in words; None when it is ``expected`` within what quantisation explains.

    A step is one integer of a quantised output, and 1/255 of the range of ``expected`` of a float one.
    """
    for tensor, right, given in zip(card.outputs, expected, actual, strict=True):
        step = 1.0 if right.dtype.kind in "iu" else max(float(np.ptp(right)), 1e-6) / 255
        steps = np.abs(given.astype(np.float64) - right.astype(np.float64)) / step
        if not steps.mean() <= MEAN_STEPS or not steps.max() <= MOST_STEPS:
            return (
                f"output {tensor.name} differs from the CPU's by {steps.mean():.1f} steps on average and up to "
                f"{steps.max():.0f}; {MEAN_STEPS:g} and {MOST_STEPS:g} are allowed"
            )
    return None
