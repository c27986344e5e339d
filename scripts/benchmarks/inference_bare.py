"""The runtime with nothing of ours around it, in a process of its own: what inference is compared with.

Run as a script with the library, its options (JSON) and the models' files. A line on standard input is a turn: numbers
of models, in the order in which they are to run. The line that answers it is a JSON list of the seconds that each
inference took: ``invoke()`` alone, and with its tensors set and got.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from edged.inference.edgetpu.host import find_runtime

Took = tuple[float, float]
"""Seconds of ``invoke()``, and with tensors set and got."""


class Bare:
    """The process, ready when it is made."""

    def __init__(self, library: Path, options: Mapping[str, str], files: Sequence[Path]) -> None:
        """``files``: the models, by whose place :meth:`turn` knows them."""
        command = [sys.executable, "-I", __file__, str(library), json.dumps(options), *map(str, files)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.pid = self._process.pid
        self.turn(range(len(files)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """It ends by itself when nothing more can come."""
        self._process.communicate()

    def turn(self, order: Sequence[int]) -> list[Took]:
        """Run the models in this order; RuntimeError when the process is gone."""
        if self._process.stdin is None or self._process.stdout is None:  # for mypy: they are pipes
            raise RuntimeError("the bare process has no pipes")
        with suppress(BrokenPipeError):
            self._process.stdin.write(" ".join(map(str, order)) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise RuntimeError(f"the bare process ended with status {self._process.returncode}")
        return [(invoke_s, whole_s) for invoke_s, whole_s in json.loads(line)]


def prepare(runtime: Any, library: str, options: dict[str, str], file: str) -> Callable[[], Took]:
    """A model on the device of ``library``, ready to run on the noise of the self-test."""
    delegate = runtime.load_delegate(library, options)
    interpreter = runtime.Interpreter(model_content=Path(file).read_bytes(), experimental_delegates=[delegate])
    interpreter.allocate_tensors()
    random, inputs = np.random.default_rng(0), []
    for detail in interpreter.get_input_details():
        info = np.iinfo(detail["dtype"])
        noise = random.integers(info.min, info.max, detail["shape"], detail["dtype"], endpoint=True)
        inputs.append((detail["index"], noise))
    outputs = [detail["index"] for detail in interpreter.get_output_details()]

    def run() -> Took:
        began_s = time.perf_counter()
        for index, array in inputs:
            interpreter.set_tensor(index, array)
        set_s = time.perf_counter()
        interpreter.invoke()
        invoked_s = time.perf_counter()
        _ = [interpreter.get_tensor(index) for index in outputs]
        return invoked_s - set_s, time.perf_counter() - began_s

    return run


def main() -> None:
    """Take turns until standard input ends."""
    library, options, *files = sys.argv[1:]
    runtime = find_runtime()[1]
    models = [prepare(runtime, library, json.loads(options), file) for file in files]
    for line in sys.stdin:
        print(json.dumps([models[int(number)]() for number in line.split()]), flush=True)


if __name__ == "__main__":
    main()
