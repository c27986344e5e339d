"""The models that inference is measured with, each with a twin for the stand-in of the Edge TPU."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from edged.inference.catalogue import Catalogue, ModelsConfig, shipped_models
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.self_test import known_inputs
from edged.inference.files.card import Tensor
from edged.inference.model import Array, Model
from tests.inference.edgetpu.stand_in import DATA, add_twin, compiled, copy_model
from tests.inference.tflite import SHIPPED, edited, write_model

Make = Callable[[Path], CpuModel]
"""Makes the model in a folder."""
SIDE, SQUARE = 300, 30
"""Pixels of the picture's side and of the squares that are averaged."""


def question(model: Model) -> list[Array]:
    """Noise, the same each time."""
    return known_inputs(model.card)[1]


def drone_sound(folder: Path) -> CpuModel:
    """The shipped model."""
    return CpuModel(add_twin(copy_model(shipped_models() / "drone_sound", folder / "drone_sound")))


def averages(folder: Path) -> CpuModel:
    """A model that takes a picture of 300 x 300 x 3 and next to no time: it averages its squares."""
    sides = {"input": SIDE, "output": SIDE // SQUARE}
    source, result = (
        Tensor(name=name, shape=(1, side, side, 3), dtype="uint8", scale=0.0078125, zero_point=128)
        for name, side in sides.items()
    )
    content = edited(SHIPPED, lambda model: _become_averages(model, (source, result)))
    write_model(folder / "averages", {"cpu": content, "edgetpu": compiled(content)}, [source], [result])
    return CpuModel(folder / "averages")


def picture(folder: Path, data: Path = DATA) -> CpuModel:
    """A model that takes a picture of 300 x 300 x 3: COCO SSD where ``data`` has it, else :func:`averages`."""
    card = Catalogue(ModelsConfig()).entry("objects_coco_ssd")
    file = data / "tensorflow__tflite-support" / card.files["cpu"].path
    if not file.is_file():
        return averages(folder)
    content = file.read_bytes()
    sized = edited(content, lambda model: _size_outputs(model, card.outputs))
    write_model(folder / "coco_ssd", {"cpu": content, "edgetpu": compiled(sized)}, [*card.inputs], [*card.outputs])
    return CpuModel(folder / "coco_ssd")


def _size_outputs(model: Any, tensors: tuple[Tensor, ...]) -> None:
    """The file leaves the outputs' shapes open; the stand-in's copies need them."""
    graph = model.subgraphs[0]
    for index, tensor in zip(graph.outputs, tensors, strict=True):
        graph.tensors[index].shape = list(tensor.shape)


def _become_averages(model: Any, ends: tuple[Tensor, Tensor]) -> None:
    """Make a file's model one AVERAGE_POOL_2D between these tensors."""
    code, graph, step = schema.OperatorCodeT(), schema.SubGraphT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.AVERAGE_POOL_2D
    code.version = 2
    graph.tensors = [_tensor(tensor) for tensor in ends]
    graph.inputs, graph.outputs, graph.operators = [0], [1], [step]
    step.opcodeIndex, step.inputs, step.outputs = 0, [0], [1]
    step.builtinOptionsType, step.builtinOptions = schema.BuiltinOptions.Pool2DOptions, schema.Pool2DOptionsT()
    step.builtinOptions.padding = schema.Padding.VALID
    step.builtinOptions.strideW = step.builtinOptions.strideH = SQUARE
    step.builtinOptions.filterWidth = step.builtinOptions.filterHeight = SQUARE
    model.operatorCodes, model.subgraphs, model.buffers = [code], [graph], [schema.BufferT()]
    model.signatureDefs = model.metadata = None


def _tensor(tensor: Tensor) -> Any:
    made = schema.TensorT()
    made.name, made.shape, made.buffer = tensor.name, list(tensor.shape), 0
    made.type = schema.TensorType.UINT8
    made.quantization = schema.QuantizationParametersT()
    made.quantization.scale, made.quantization.zeroPoint = [tensor.scale], [tensor.zero_point]
    return made
