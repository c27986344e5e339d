"""Operators: named as TensorFlow names them, mapped as the Edge TPU compiler maps them."""

from collections import Counter

import pytest
from ai_edge_litert import schema_py_generated as schema

from edged.inference.files.graph import Graph, GraphTensor, Operator, read_graph
from edged.inference.files.operators import (
    EDGE_TPU,
    counted,
    is_compiled,
    left_on_cpu,
    mapping,
    name_of,
    parameter_bytes,
)
from tests.inference.tflite import CORAL, DATA, NEED_DATA, SHIPPED, compiled

CODES = {name: code for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
TWINS = {
    CORAL / "mobilenet_v1_0.25_128_quant.tflite": Counter(),
    CORAL / "keras_lstm_mnist_ptq.tflite": Counter(),
    CORAL / "split_concat.tflite": Counter(),
    DATA / "google-coral__coralmicro" / "yamnet_spectra_in.tflite": Counter(QUANTIZE=1, DEQUANTIZE=1),
}


def tensor(dtype="int8", *, constant=0, variable=False):
    return GraphTensor("t", (1, 4), (1, 4), dtype, 0.5, 0, 0, constant, variable)


def operator(name, *, version=1, inputs=(0,), outputs=(1,)):
    return Operator(CODES[name], "", 0, version, inputs, outputs)


def chain(*names, dtypes=()):
    """Operators in a row, each on what the one before it gives."""
    tensors = [tensor(dtype) for dtype in dtypes or ["int8"] * (len(names) + 1)]
    steps = [operator(name, inputs=(n,), outputs=(n + 1,)) for n, name in enumerate(names)]
    return Graph("", tuple(tensors), (0,), (len(names),), tuple(steps))


def on_cpu(graph):
    return [one.reason for one in mapping(graph)]


def test_operators_have_tensorflows_names():
    """All that are not StableHLO's; those, and what is yet to come, go by their number."""
    for name, code in CODES.items():
        expected = f"operator {code}" if code > CODES["RIGHT_SHIFT"] else name
        assert name_of(Operator(code, "", 0, 1, (), ())) in {expected, ""}  # a custom one's own name is empty here
    assert name_of(Operator(-3, "", 0, 1, (), ())) == "operator -3"


@NEED_DATA
@pytest.mark.parametrize(("path", "left"), TWINS.items(), ids=lambda value: getattr(value, "stem", ""))
def test_the_compiler_left_on_the_cpu_what_we_say_it_leaves(path, left):
    """Models of which there is a twin that the real compiler made."""
    cpu = read_graph(path.read_bytes(), path.stem)
    twin = read_graph(path.with_stem(f"{path.stem}_edgetpu").read_bytes(), path.stem)
    assert Counter(one.operator for one in mapping(cpu) if one.reason) == left_on_cpu(twin) == left
    assert is_compiled(twin)
    assert not is_compiled(cpu)


@NEED_DATA
def test_a_compiled_model_holds_the_parameters_of_its_twin():
    """And its instructions besides."""
    cpu, twin = (
        parameter_bytes(read_graph((CORAL / f"mobilenet_v1_0.25_128_quant{end}.tflite").read_bytes(), "x"))
        for end in ("", "_edgetpu")
    )
    assert cpu == 478_812
    assert cpu < twin < 2 * cpu


def test_the_shipped_model_maps_whole():
    """It was made for the Edge TPU."""
    assert set(on_cpu(read_graph(SHIPPED, "x"))) == {""}


def test_what_is_left_is_counted():
    """By the operator's name, the most first."""
    left = left_on_cpu(read_graph(compiled(SHIPPED), "x"))
    assert EDGE_TPU not in left
    assert counted(left) == "3 FULLY_CONNECTED, 1 MEAN"


def test_an_operator_that_the_device_lacks_stays_on_the_cpu():
    """Its name is on no list of Coral's."""
    assert on_cpu(chain("HARD_SWISH")) == ["not supported"]


@pytest.mark.parametrize(("name", "refused"), [("CONV_2D", 6), ("TRANSPOSE_CONV", 4), ("QUANTIZE", 3)])
def test_a_version_that_is_too_new_for_the_compiler_stays_on_the_cpu(name, refused):
    """The one before it does not."""
    graph = chain(name)
    old, new = (
        on_cpu(graph._replace(operators=(operator(name, version=version),))) for version in (refused - 1, refused)
    )
    assert old == [""]
    assert new == [f"version {refused} is too new, must be below {refused}"]


@pytest.mark.parametrize("dtype", ["float32", "int16", "int64"])
def test_what_is_not_of_eight_bits_stays_on_the_cpu(dtype):
    """Constants and what is kept between inferences may be of other types: biases, an LSTM's cell."""
    assert on_cpu(chain("CONV_2D", dtypes=["int8", dtype])) == [f"{dtype}, must be int8 or uint8"]
    tensors = (tensor(), tensor("uint8"), tensor("int32", constant=4), tensor("int16", variable=True))
    graph = Graph("", tensors, (0,), (1,), (operator("LSTM", inputs=(0, 2, 3, -1)),))
    assert on_cpu(graph) == [""]


def test_behind_what_stays_on_the_cpu_all_stays():
    """The compiler makes one part for the device, and names the culprit."""
    graph = chain("CONV_2D", "HARD_SWISH", "CONV_2D", "SOFTMAX")
    assert on_cpu(graph) == ["", "not supported", "behind HARD_SWISH", "behind HARD_SWISH"]


def test_before_the_first_that_maps_anything_may_stay():
    """Such as the quantisation of a float input: the part for the device begins behind it."""
    graph = chain("QUANTIZE", "CONV_2D", "DEQUANTIZE", dtypes=["float32", "int8", "int8", "float32"])
    assert on_cpu(graph) == ["float32, must be int8 or uint8", "", "not supported"]


def test_a_branch_that_does_not_need_it_goes_on():
    """What stays on the CPU holds up only what comes of it."""
    steps = (
        operator("CONV_2D", inputs=(0,), outputs=(1,)),
        operator("HARD_SWISH", inputs=(1,), outputs=(2,)),
        operator("RELU", inputs=(1,), outputs=(3,)),
        operator("ADD", inputs=(2, 3), outputs=(4,)),
    )
    graph = Graph("", (tensor(),) * 5, (0,), (4,), steps)
    assert on_cpu(graph) == ["", "not supported", "", "behind HARD_SWISH"]
