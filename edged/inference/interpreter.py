"""The TFLite runtime: the only place where it is imported."""

import importlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edged.errors import ModelError

log = logging.getLogger(__name__)

RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
"""In the order of preference: LiteRT is 5 to 10 times faster on int8 models."""


def runtime() -> tuple[str, Any]:
    """Name and module of the runtime that is installed; ModelError where there is none."""
    for name in RUNTIMES:
        try:
            return name.partition(".")[0], importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise ModelError("no TFLite runtime is installed; `pip install ai-edge-litert` (Python 3.11+), or tflite-runtime")


@contextmanager
def runtime_says_to_log() -> Iterator[None]:
    """Send what the runtime's C++ writes to standard error to the debug log: it greets at every start."""
    saved = os.dup(2)
    try:
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(saved, 2)
                said.seek(0)
                for line in said.read(10_000).decode(errors="replace").splitlines():
                    log.debug("TFLite says", extra={"line": line})
    finally:
        os.close(saved)


def make_interpreter(content: bytes, name: str, threads: int) -> Any:
    """An interpreter of verified ``content``, its tensors allocated; ModelError where the runtime refuses the model."""
    try:
        with runtime_says_to_log():
            interpreter = runtime()[1].Interpreter(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"model {name}: the runtime refuses it: {error}") from None
    return interpreter
