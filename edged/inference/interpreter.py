"""The TFLite runtime: the only place where it is imported."""

import importlib
from typing import Any

from edged.errors import ModelError

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


def make_interpreter(content: bytes, name: str, threads: int) -> Any:
    """An interpreter with its tensors allocated; ModelError where the runtime refuses the model."""
    if b"edgetpu-custom-op" in content:
        raise ModelError(f"model {name}: is compiled for the Edge TPU and cannot run on the CPU; use its CPU twin")
    try:
        interpreter = runtime()[1].Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"model {name}: the runtime refuses it: {error}") from None
    return interpreter
