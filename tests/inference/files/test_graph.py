"""Graph: what we read is what the runtime reads, and damage is named."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import ModelError
from edged.inference.files.graph import read_graph
from edged.inference.interpreter import runtime
from tests.inference.tflite import CORAL, NEED_DATA, SHIPPED, edited, models, one_tensor_many_times

SMALL = [SHIPPED, *(path.read_bytes() for path in sorted(CORAL.glob("split_concat*.tflite")))]
REFUSED_BY_RUNTIME = {"person_detect_model.tflite"}


def shown(graph, indices):
    tensors = [graph.tensors[index] for index in indices]
    return [(t.name, list(t.shape), t.dtype, (np.float32(t.scale), t.zero_point)) for t in tensors]


def reported(details):
    return [(d["name"], d["shape"].tolist(), np.dtype(d["dtype"]).name, d["quantization"]) for d in details]


@NEED_DATA
@pytest.mark.parametrize(
    "path", [path for path in models() if path.name not in REFUSED_BY_RUNTIME], ids=lambda p: p.name
)
def test_we_read_what_the_runtime_reads(path):
    """Inputs and outputs, their names, shapes, types and quantisation; and of every tensor between them."""
    content = path.read_bytes()
    graph = read_graph(content, path.stem)
    interpreter = runtime()[1].Interpreter(model_content=content)
    assert shown(graph, graph.inputs) == reported(interpreter.get_input_details())
    assert shown(graph, graph.outputs) == reported(interpreter.get_output_details())
    details = [detail for detail in interpreter.get_tensor_details() if detail["index"] < len(graph.tensors)]
    assert shown(graph, [detail["index"] for detail in details]) == reported(details)


@NEED_DATA
def test_what_the_runtimes_cannot_open_is_named():
    """Scales of a channel that is not there: one of the runtimes says so, one crashes."""
    path = next(path for path in models() if path.name in REFUSED_BY_RUNTIME)
    with pytest.raises(ModelError, match=r"Conv2D_bias' is quantised along its dimension 3, it has 1; install"):
        read_graph(path.read_bytes(), "person")


def test_the_shipped_model_is_read_whole():
    """Its operators in order, its constants by size."""
    graph = read_graph(SHIPPED, "drone_sound")
    assert [operator.builtin for operator in graph.operators[:2]] == [3, 3]
    assert 0.5 * len(SHIPPED) < sum(tensor.constant_bytes for tensor in graph.tensors) < len(SHIPPED)
    assert all(graph.tensors[index].constant_bytes == 0 for index in (*graph.inputs, *graph.outputs))


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x00" * 4 + b"TFL2" + bytes(100), b"not a model" * 100])
def test_what_is_no_model_says_so(content):
    """Whatever its name ends in."""
    with pytest.raises(ModelError, match=r"model x: is no TFLite model|damaged"):
        read_graph(content, "x")


def set_version(model):
    model.version = 4


def drop_subgraphs(model):
    model.subgraphs = []


def set_type(model):
    model.subgraphs[0].tensors[0].type = 99


def set_buffer(model):
    model.subgraphs[0].tensors[0].buffer = 10_000


def set_shape(model):
    model.subgraphs[0].tensors[0].shape = [1, -5]


def set_scales(model):
    model.subgraphs[0].tensors[0].quantization.scale = [0.1] * 7


def set_kind(model):
    model.subgraphs[0].operators[0].opcodeIndex = 50


def set_input(model):
    model.subgraphs[0].operators[0].inputs = [10_000]


def set_output(model):
    model.subgraphs[0].outputs = [-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_version, "has schema version 4, must be 3; convert it anew"),
        (drop_subgraphs, "it has no subgraph"),
        (set_type, "has the unknown type 99"),
        (set_buffer, "has its values in buffer 10000 of"),
        (set_shape, r"has the shape \[1, -5\]"),
        (set_scales, "has 7 scales"),
        (set_kind, "an operator is of kind 50 of 3"),
        (set_input, "it refers to tensor 10000 of"),
        (set_output, "it refers to tensor -1 of"),
    ],
)
def test_what_cannot_be_is_named(change, message):
    """The runtimes do not all look."""
    with pytest.raises(ModelError, match=message):
        read_graph(edited(SHIPPED, change), "x")


def test_a_file_that_pretends_to_be_huge_is_refused():
    """A thousand tensors that are one: a megabyte of names from six kilobytes."""
    content = one_tensor_many_times("x" * 1000, 1000)
    assert len(content) < 8000
    with pytest.raises(ModelError, match="again and again"):
        read_graph(content, "x")


@given(st.sampled_from(SMALL), st.data())
def test_a_truncated_file_is_read_or_refused(content, data):
    """Half a download crashes nothing."""
    with contextlib.suppress(ModelError):
        read_graph(content[: data.draw(st.integers(0, len(content) - 1))], "x")


@given(st.sampled_from(SMALL), st.data())
def test_a_file_with_wrong_bytes_is_read_or_refused(content, data):
    """Nor does a failing disk: wrong bytes at the beginning and at the end, where the structure is."""
    damaged = bytearray(content)
    places = st.integers(0, min(4000, len(content)) - 1).flatmap(lambda n: st.sampled_from([n, len(content) - 1 - n]))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=20)):
        damaged[place] = value
    with contextlib.suppress(ModelError):
        read_graph(bytes(damaged), "x")


@given(st.binary(max_size=500))
def test_random_bytes_are_refused(content):
    """Even where they begin like a model."""
    with pytest.raises(ModelError):
        read_graph(content[:4] + b"TFL3" + content[4:], "x")
