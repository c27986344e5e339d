"""Graph: what a TFLite file computes, read without a runtime: tensors, operators, inputs, outputs.

The layout is that of TensorFlow's ``schema.fbs``, version 3; the numbers of fields below are its.
"""

from typing import NamedTuple

from edged.errors import ModelError
from edged.inference.files.flatbuffer import I8, I32, U8, U32, Reader, Table

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
CUSTOM = 32
"""The builtin code of an operator that is none: its name says which it is."""
DTYPES = (
    *("float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64"),
    *("complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16", "int2", "uint4"),
    *("float8_e4m3fn", "float8_e5m2"),
)
"""By the schema's number."""


class GraphTensor(NamedTuple):
    """One tensor of a file."""

    name: str
    shape: tuple[int, ...]
    """() also where the shape is only known at run time."""
    signature: tuple[int, ...]
    """The shape with -1 where a size may change; equal to it where none does."""
    dtype: str
    scale: float
    """real = scale · (quantised - zero_point); 0 where it is not quantised, or by channel: so do runtimes report it."""
    zero_point: int
    buffer: int
    """Number of the buffer that holds its values, 0 where none does."""
    constant_bytes: int
    """Size of that buffer: 0 for what is computed at run time."""
    variable: bool
    """It keeps its value from one inference to the next."""


class Operator(NamedTuple):
    """One step of the computation."""

    builtin: int
    """The schema's number, :data:`CUSTOM` where it is none of them."""
    custom: str
    """The name of a custom operator."""
    custom_bytes: int
    """Size of a custom operator's own data."""
    version: int
    inputs: tuple[int, ...]
    """Indices of tensors; -1 for an optional one that is not there."""
    outputs: tuple[int, ...]


class Graph(NamedTuple):
    """A file's main subgraph."""

    description: str
    tensors: tuple[GraphTensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[Operator, ...]


def read_graph(content: bytes, name: str) -> Graph:
    """What the file ``content`` of model ``name`` holds; ModelError with what is wrong where it is damaged.

    Takes time and memory in proportion to the size of the content, whatever stands in it.
    """
    reader = Reader(content, name)
    if content[4:8] != IDENTIFIER:
        raise ModelError(
            f"model {name}: is no TFLite model: {content[4:8]!r} stands where {IDENTIFIER!r} must; "
            "name a .tflite file on its card"
        )
    model = Table(reader, reader.follow(0))
    if (version := model.number(0, U32)) != SCHEMA_VERSION:
        raise ModelError(f"model {name}: has schema version {version}, must be {SCHEMA_VERSION}; convert it anew")
    subgraphs = model.tables(2)
    if not subgraphs:
        raise reader.damaged("it has no subgraph")
    main, kinds = subgraphs[0], model.tables(1)
    sizes = [buffer.length(0) for buffer in model.tables(4)]
    tensors = tuple(_tensor(table, sizes, reader) for table in main.tables(0))
    operators = tuple(_operator(table, kinds, len(tensors), reader) for table in main.tables(3))
    inputs, outputs = (_indices(main, field, range(len(tensors)), reader) for field in (1, 2))
    return Graph(model.text(3), tensors, inputs, outputs, operators)


def _tensor(table: Table, sizes: list[int], reader: Reader) -> GraphTensor:
    name, shape = table.text(3), table.numbers(0, "i")
    kind, buffer = table.number(1, I8), table.number(2, U32)
    if not 0 <= kind < len(DTYPES):
        raise reader.damaged(f"tensor {name!r} has the unknown type {kind}")
    if buffer and buffer >= len(sizes):
        raise reader.damaged(f"tensor {name!r} has its values in buffer {buffer} of {len(sizes)}")
    if any(size < 0 for size in shape):
        raise reader.damaged(f"tensor {name!r} has the shape {list(shape)}")
    scale, zero_point = _quantisation(table.table(4), name, shape, reader)
    signature = table.numbers(7, "i") or shape
    constant_bytes = sizes[buffer] if buffer else 0
    variable = bool(table.number(5, U8))
    return GraphTensor(name, shape, signature, DTYPES[kind], scale, zero_point, buffer, constant_bytes, variable)


def _quantisation(table: Table | None, name: str, shape: tuple[int, ...], reader: Reader) -> tuple[float, int]:
    """Scale and zero point; (0, 0) where there is not exactly one of each."""
    scales = table.numbers(2, "f") if table else ()
    zero_points = table.numbers(3, "q") if table else ()
    if not table or not scales or not zero_points:
        return 0.0, 0
    dimension = table.number(6, I32)
    if shape and not 0 <= dimension < len(shape):
        raise reader.damaged(f"tensor {name!r} is quantised along its dimension {dimension}, it has {len(shape)}")
    if len(scales) > 1 and (not shape or len(scales) != shape[dimension]):
        raise reader.damaged(f"tensor {name!r} of shape {list(shape)} has {len(scales)} scales")
    return (scales[0], zero_points[0]) if len(scales) == len(zero_points) == 1 else (0.0, 0)


def _operator(table: Table, kinds: list[Table], tensors: int, reader: Reader) -> Operator:
    index = table.number(0, U32)
    if index >= len(kinds):
        raise reader.damaged(f"an operator is of kind {index} of {len(kinds)}")
    kind = kinds[index]
    # the number was a byte once, and where it fits it still stands there too
    builtin = max(kind.number(0, I8), kind.number(3, I32))
    custom, custom_bytes = (kind.text(1), table.length(5)) if builtin == CUSTOM else ("", 0)
    inputs, outputs = (_indices(table, field, range(-1, tensors), reader) for field in (1, 2))
    return Operator(builtin, custom, custom_bytes, kind.number(2, I32, 1), inputs, outputs)


def _indices(table: Table, field: int, allowed: range, reader: Reader) -> tuple[int, ...]:
    indices = table.numbers(field, "i")
    for index in indices:
        if index not in allowed:
            raise reader.damaged(f"it refers to tensor {index} of {allowed.stop}")
    return indices
