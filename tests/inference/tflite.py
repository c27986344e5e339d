"""Real TFLite files, and such changed in one respect, with the reader and writer that come with LiteRT."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import pytest
import yaml
from ai_edge_litert import schema_py_generated as schema

from edged.inference.catalogue import shipped_models
from edged.inference.files.card import Card, Tensor

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
NEED_DATA = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")
SHIPPED = (shipped_models() / "drone_sound" / "drone_sound.tflite").read_bytes()
CORAL = DATA / "google-coral__test_data" / "models"


def models() -> list[Path]:
    """Every TFLite file of ``../shared/data``."""
    return sorted(DATA.rglob("*.tflite"))


def write_model(folder: Path, files: dict[str, bytes], inputs: list[Tensor], outputs: list[Tensor]) -> Card:
    """A model's folder with these files by role, and its card."""
    folder.mkdir(parents=True, exist_ok=True)
    for role, content in files.items():
        (folder / f"{role}.tflite").write_bytes(content)
    entries = {
        role: {"path": f"{role}.tflite", "sha256": hashlib.sha256(content).hexdigest()}
        for role, content in files.items()
    }
    facts = {"version": "1", "task": "fixture", "labels": (), "licence": "Apache-2.0", "source": "tests"}
    card = Card(name=folder.name, files=entries, inputs=tuple(inputs), outputs=tuple(outputs), **facts)
    (folder / "card.yaml").write_text(yaml.safe_dump(card.model_dump(mode="json")))
    return card


def edited(content: bytes, change: Callable[[Any], object]) -> bytes:
    """The file after ``change`` was applied to its model (schema's ``ModelT``)."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    change(model)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def with_custom_operator(content: bytes, name: str, kind: int = 0) -> bytes:
    """The file with all operators of that kind replaced by a custom one."""

    def change(model: Any) -> None:
        code = model.operatorCodes[kind]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode, code.version = name, 1

    return edited(content, change)


def compiled(content: bytes) -> bytes:
    """The file as if the Edge TPU compiler had mapped some of its operators: the tensors stay as they are."""
    return with_custom_operator(content, "edgetpu-custom-op")


def one_tensor_many_times(name: str, times: int) -> bytes:
    """A small file that looks like a large one: all its tensors are one and the same."""
    builder = flatbuffers.Builder(1024)
    text = builder.CreateString(name)
    schema.TensorStart(builder)
    schema.TensorAddName(builder, text)
    tensor = schema.TensorEnd(builder)
    schema.SubGraphStartTensorsVector(builder, times)
    for _ in range(times):
        builder.PrependUOffsetTRelative(tensor)
    tensors = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    graph = schema.SubGraphEnd(builder)
    schema.ModelStartSubgraphsVector(builder, 1)
    builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, graphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())
