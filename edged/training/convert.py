"""Convert: makes the models that upstream ships in another format. Needs the extra ``train``."""

import io
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from edged.inference.files.card import Card, ModelFile, Tensor
from edged.inference.interpreter import make_interpreter, runtime_says_to_log
from edged.inference.supply.origin import sha256
from edged.training.converted import Converted

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import tensorflow as tf

from edged.training import meso4, mobilefacenet

RECIPES: Mapping[str, Callable[[Path, Path | None], Converted]] = {
    "face_embedding": mobilefacenet.convert,
    "veracity": meso4.convert,
}
"""By the model's name: from the source, and the images to calibrate by, to the model."""


def build(entry: Card, folder: Path, images: Path | None) -> Card:
    """Make the model of its source, both in ``folder``; its card. The same input gives the same bytes.

    ``entry``: the model's card with nothing but its source. ModelError where it cannot be made.
    """
    with _quiet():
        converted = RECIPES[entry.name](folder / entry.files["source"].path, images)
    path = folder / f"{entry.name}.tflite"
    path.write_bytes(converted.content)
    file = ModelFile(path=path.name, sha256=sha256(path), size=len(converted.content))
    interpreter = make_interpreter(converted.content, entry.name, threads=1)
    return entry.model_copy(
        update={
            "files": {"cpu": file, **entry.files},
            "inputs": _tensors(interpreter.get_input_details(), converted.inputs),
            "outputs": _tensors(interpreter.get_output_details(), converted.outputs),
            "parameters": dict(converted.parameters),
            "source": f"{entry.source}, converted by `edged models build` with TensorFlow {tf.__version__}",
            "metrics": {**entry.metrics, **converted.metrics},
            "limits": converted.limits,
        }
    )


def _tensors(details: list[dict[str, Any]], names: tuple[str, ...]) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(
            name=name,
            shape=tuple(detail["shape"].tolist()),
            dtype=detail["dtype"].__name__,
            scale=float(detail["quantization"][0]),
            zero_point=int(detail["quantization"][1]),
        )
        for detail, name in zip(details, names, strict=True)
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow tells of every step, on both outputs; and names layers by how many came before, which we undo."""
    tf.keras.backend.clear_session()
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), runtime_says_to_log():
        warnings.simplefilter("ignore")
        yield
