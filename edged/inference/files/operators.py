"""Operators: their names, which of them the runtimes have, and which the Edge TPU compiler maps to the device."""

from collections import Counter
from typing import NamedTuple

from edged.inference.files.graph import CUSTOM, Graph, Operator

EDGE_TPU = "edgetpu-custom-op"
"""What the compiler puts in the place of all operators that it mapped."""
CUSTOM_OPERATORS = (
    *("TFLite_Detection_PostProcess", "AudioSpectrogram", "Mfcc", "NumericVerify"),
    *("Convolution2DTransposeBias", "MaxPoolingWithArgmax2D", "MaxUnpooling2D"),  # LiteRT's, through XNNPACK
)
"""The custom operators that runtimes have; tried with ai-edge-litert 2.3."""
CACHE_BYTES = 8 * 2**20
"""On-chip memory of the Edge TPU for a model's parameters; what does not fit is sent again at each inference."""

# TensorFlow's schema.fbs, BuiltinOperator, in the order of their numbers; the StableHLO ones that follow go by these
_BUILTIN = (  # noqa: SIM905  # one name a line would be three pages
    "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR "
    "FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION "
    "LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH "
    "CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER "
    "BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE "
    "BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM "
    "ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE "
    "TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK "
    "LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL "
    "FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL "
    "REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND "
    "HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM "
    "BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS "
    "HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE "
    "ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU "
    "DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 "
    "UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT"
).split()

_EDGE_TPU_HAS = frozenset(
    (  # noqa: SIM905
        "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D EXPAND_DIMS FULLY_CONNECTED L2_NORMALIZATION "
        "LOGISTIC LSTM MAXIMUM MAX_POOL_2D MEAN MINIMUM MUL PACK PAD PRELU QUANTIZE REDUCE_MAX REDUCE_MIN RELU RELU6 "
        "RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR RSQRT SLICE SOFTMAX SPACE_TO_DEPTH SPLIT "
        "SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM"
    ).split()
)
"""Coral's list for version 16 of the compiler: https://coral.ai/docs/edgetpu/models-intro/#supported-operations"""
_REFUSED_FROM = {"CONV_2D": 6, "TRANSPOSE_CONV": 4, "QUANTIZE": 3}
"""The versions that the compiler was seen to refuse: it is of 2021."""


class Mapping(NamedTuple):
    """Where one operator of a CPU model would run once it is compiled."""

    operator: str
    reason: str
    """Why it would stay on the CPU; empty where it would run on the Edge TPU."""


def name_of(operator: Operator) -> str:
    """As the compiler and TensorFlow call it."""
    if operator.builtin == CUSTOM:
        return operator.custom
    return _BUILTIN[operator.builtin] if 0 <= operator.builtin < len(_BUILTIN) else f"operator {operator.builtin}"


def is_compiled(graph: Graph) -> bool:
    """Whether some of it runs on the Edge TPU."""
    return any(operator.custom == EDGE_TPU for operator in graph.operators)


def left_on_cpu(graph: Graph) -> Counter[str]:
    """Of a compiled model: the operators that the compiler left on the CPU, counted."""
    return Counter(name_of(operator) for operator in graph.operators if operator.custom != EDGE_TPU)


def counted(names: Counter[str]) -> str:
    """``2 DEQUANTIZE, 1 QUANTIZE``."""
    return ", ".join(f"{count} {name}" for name, count in names.most_common())


def parameter_bytes(graph: Graph) -> int:
    """What the Edge TPU's cache has to hold: a CPU model's constants, or a compiled one's parts with instructions."""
    if is_compiled(graph):
        return sum(operator.custom_bytes for operator in graph.operators if operator.custom == EDGE_TPU)
    return sum({tensor.buffer: tensor.constant_bytes for tensor in graph.tensors}.values())


def mapping(graph: Graph) -> list[Mapping]:
    """What the Edge TPU compiler would do with each operator of a CPU model, in the model's order.

    It makes one part for the device: from the first operator that it can map to the first behind it that it cannot. It
    has limits of size and shape besides, which it does not document; so this says what is sure to stay on the CPU.
    """
    mapped, left = set[int](), dict[int, str]()  # the tensors that come from the device, and from the CPU behind it
    found = []
    for operator in graph.operators:
        reason = _refusal(graph, operator)
        behind = next((left[index] for index in operator.inputs if index in left), "")
        found.append(Mapping(name_of(operator), reason or (f"behind {behind}" if behind else "")))
        if not found[-1].reason:
            mapped.update(operator.outputs)
        elif behind or mapped.intersection(operator.inputs):
            left.update(dict.fromkeys(operator.outputs, behind or name_of(operator)))
    return found


def _refusal(graph: Graph, operator: Operator) -> str:
    """Why the compiler refuses this operator wherever it stands; empty where it takes it."""
    name = name_of(operator)
    if name not in _EDGE_TPU_HAS:
        return "not supported"
    if operator.version >= _REFUSED_FROM.get(name, operator.version + 1):
        return f"version {operator.version} is too new, must be below {_REFUSED_FROM[name]}"
    tensors = [graph.tensors[index] for index in (*operator.inputs, *operator.outputs) if index >= 0]
    computed = [tensor for tensor in tensors if not tensor.constant_bytes and not tensor.variable]
    wrong = next((tensor.dtype for tensor in computed if tensor.dtype not in {"int8", "uint8"}), None)
    return f"{wrong}, must be int8 or uint8" if wrong else ""
