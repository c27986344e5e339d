"""ONNX -> Keras, for the operators that a small convolutional network has. Needs onnx and TensorFlow (extra ``train``).

ONNX lays images out as (n, channels, height, width), Keras and TFLite as (n, height, width, channels): the weights are
turned once, here, so that no transposition is left in the network.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tensorflow as tf
from numpy.typing import NDArray

from edged.errors import ModelError

Attributes = Mapping[str, Any]
Values = dict[str, Any]
"""What is known so far, by its name in the graph: Keras tensors, and numpy arrays for weights and constants."""


def read_onnx(path: Path) -> Any:
    """The model in ``path``; ModelError where it is none."""
    try:
        model = onnx.load_model(path, load_external_data=False)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf's and the checker's own, of several kinds
        raise ModelError(f"{path}: is not an ONNX model: {error}") from None
    return model


def apply(model: Any, image: Any) -> Any:
    """What the ONNX ``model`` makes of the Keras tensor ``image``, shape (n, height, width, channels).

    ModelError that names the operator, and its place, that is not among those that can be translated.
    """
    graph = model.graph
    values: Values = {weight.name: onnx.numpy_helper.to_array(weight) for weight in graph.initializer}
    values[graph.input[0].name] = image
    for node in graph.node:
        attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        translate = OPERATORS.get(node.op_type)
        if translate is None:
            raise ModelError(f"{node.name}: operator {node.op_type} is not one of {', '.join(OPERATORS)}")
        values[node.output[0]] = translate(attributes, *(values[name] for name in node.input))
    return values[graph.output[0].name]


def _conv(attributes: Attributes, x: Any, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> Any:
    """``weights``: (out, in / group, height, width)."""
    group, strides = attributes["group"], attributes["strides"]
    if set(attributes["dilations"]) != {1}:
        raise ModelError(f"Conv with dilations {attributes['dilations']}: must be 1")
    x = _padded(x, attributes["pads"])
    size = weights.shape[2:]
    if group == 1:
        layer = tf.keras.layers.Conv2D(len(weights), size, strides)
        kernel = weights.transpose(2, 3, 1, 0)
    elif group == len(weights) == x.shape[-1]:
        layer = tf.keras.layers.DepthwiseConv2D(size, strides)
        kernel = weights.transpose(2, 3, 0, 1)
    else:
        raise ModelError(f"Conv with {group} groups: must be 1, or one for each channel")
    y = layer(x)
    layer.set_weights([kernel, bias])
    return y


def _padded(x: Any, pads: list[int]) -> Any:
    """``pads``: top, left, bottom, right. TFLite's own padding is another one where the stride is not 1."""
    top, left, bottom, right = pads
    return tf.keras.layers.ZeroPadding2D(((top, bottom), (left, right)))(x) if any(pads) else x


def _clip(_: Attributes, x: Any, low: NDArray[np.float32], high: NDArray[np.float32]) -> Any:
    if low != 0:
        raise ModelError(f"Clip from {low}: must be from 0")
    return tf.keras.layers.ReLU(float(high))(x)


def _reshape(_: Attributes, x: Any, shape: NDArray[np.int64]) -> Any:
    """Only to vectors, and only of single pixels, whose order is the same in both layouts."""
    if x.shape[1:3] != (1, 1) or shape.tolist() not in ([1, -1], [0, -1], [-1, x.shape[3]]):
        raise ModelError(f"Reshape of {x.shape} to {shape.tolist()}: must be of (n, 1, 1, c) to (n, c)")
    return tf.keras.layers.Flatten()(x)


OPERATORS: Mapping[str, Callable[..., Any]] = {
    "Add": lambda _, x, y: tf.keras.layers.Add()([x, y]),
    "Clip": _clip,
    "Constant": lambda attributes: onnx.numpy_helper.to_array(attributes["value"]),
    "Conv": _conv,
    "Relu": lambda _, x: tf.keras.layers.ReLU()(x),
    "Reshape": _reshape,
}
