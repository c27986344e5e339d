"""CpuModel: a TFLite model on the CPU, its tensors checked against its card."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from edged.errors import ModelError
from edged.inference.files.card import Card, Tensor, read_card
from edged.inference.files.signature import ANY, SignaturePolicy
from edged.inference.files.verify import read_verified
from edged.inference.interpreter import make_interpreter
from edged.inference.model import Answer, Array, check_inputs, zeros
from edged.inference.turns import Turns
from edged.messages.event import ModelUse


class CpuModel:
    """One interpreter and one lock: it may be called from any thread, one at a time.

    StaleError where the item at hand is of no more use before its turn comes: see :meth:`take_turns`.
    """

    home = "cpu"

    def __init__(self, folder: Path, threads: int = 1, policy: SignaturePolicy = ANY) -> None:
        """Load the model in ``folder``; ModelError where card, file, runtime and ``policy`` do not agree."""
        self.card: Card = read_card(folder, policy)
        self.folder = folder
        content = read_verified(folder, self.card, "cpu")
        self._use = ModelUse(self.card.name, self.card.files["cpu"].sha256, "cpu")
        self._lock = threading.Lock()
        self._turns: Turns | None = None
        self._interpreter = make_interpreter(content, self.card.name, threads)
        self._inputs = self._check(self._interpreter.get_input_details(), self.card.inputs, "input")
        self._outputs = self._check(self._interpreter.get_output_details(), self.card.outputs, "output")

    def run(self, inputs: Sequence[Array]) -> Answer:
        """One inference. Arrays in the card's order, shapes and dtypes, and so are the outputs, which are copies.

        ValueError where an input's shape or dtype is not the card's.
        """
        check_inputs(self.card, inputs)
        with self._turn(), self._lock:
            for index, array in zip(self._inputs, inputs, strict=True):
                self._interpreter.set_tensor(index, array)
            self._interpreter.invoke()
            return Answer([self._interpreter.get_tensor(index) for index in self._outputs], self._use)

    def take_turns(self, turns: Turns) -> None:
        """From now on it is run when its turn comes among all that the CPU has to do."""
        self._turns = turns

    def usual_s(self) -> float:
        """How long an inference usually takes, once it has its turn; 0 where that is not known."""
        return self._turns.usual_s(self._key) if self._turns else 0.0

    def close(self) -> None:
        """Nothing to be done: the interpreter goes with the last who knows this model."""

    def warm_up(self) -> None:
        """Run once on zeros: the first inference takes longer than the others."""
        self.run(zeros(self.card))

    @property
    def _key(self) -> str:
        """This very interpreter's: a model may be there twice, the new beside the old."""
        return f"{self.card.name}#{id(self)}"

    def _turn(self) -> AbstractContextManager[object]:
        return self._turns.turn(self._key) if self._turns else nullcontext()

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
