"""The network, its training, and its conversion to int8."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.training.batches import Batches, Schedule

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import tensorflow as tf

CONVOLUTIONS = ((16, (3, 5), (1, 2)), (32, (3, 3), (2, 2)), (64, (3, 3), (1, 2)), (96, (3, 3), (2, 2)))
"""Output channels, kernel and strides of each, both as (time, frequency)."""
EMBEDDING = 64
"""Length of the embedding."""


def use_threads(count: int) -> None:
    """How many cores to take. To be called before anything else here."""
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def build(frames: int, bands: int, classes: int) -> Any:
    """A plain convolutional network: input (frames, bands, 1), outputs logits (classes,) and embedding."""
    layers = tf.keras.layers
    inputs = layers.Input((frames, bands, 1), name="log_mel")
    x = inputs
    for channels, kernel, strides in CONVOLUTIONS:
        x = layers.Conv2D(channels, kernel, strides=strides, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.98)(x)
        x = layers.ReLU(6.0)(x)
    x = layers.GlobalAveragePooling2D()(x)
    embedding = layers.Dense(EMBEDDING, name="embedding")(layers.Dropout(0.2)(x))
    logits = layers.Dense(classes, name="logits")(layers.ReLU()(embedding))
    return tf.keras.Model(inputs, [logits, embedding])


def fit(
    features: NDArray[np.float16],
    classes: NDArray[np.int64],
    schedule: Schedule,
    seed: int,
    progress: Callable[[int, float], None],
) -> Any:
    """Train on features (n, frames, bands) and class numbers (n,); ``progress(step, loss)`` is called at each step."""
    tf.keras.utils.set_random_seed(seed)
    model = build(features.shape[1], features.shape[2], int(classes.max()) + 1)
    warm_up = min(100, schedule.steps // 4)
    rate = tf.keras.optimizers.schedules.CosineDecay(
        1e-4, schedule.steps - warm_up, alpha=0.01, warmup_target=schedule.peak_rate, warmup_steps=warm_up
    )
    optimiser = tf.keras.optimizers.AdamW(rate, weight_decay=schedule.weight_decay, clipnorm=2.0)
    step = _step(model, optimiser)
    batches = Batches(features, classes, schedule, np.random.default_rng(seed))
    for number in range(schedule.steps):
        chosen, x, y = batches.draw()
        loss, scores = step(tf.constant(x), tf.constant(y))
        batches.learn(chosen, scores.numpy())
        progress(number, float(loss))
    return model


def _step(model: Any, optimiser: Any) -> Callable[..., Any]:
    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            logits, _ = model(x, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, logits))
        variables = model.trainable_variables
        optimiser.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss, tf.nn.softmax(logits)

    compiled: Callable[..., Any] = step
    return compiled


def to_tflite(model: Any, representative: NDArray[np.float16]) -> bytes:
    """Convert to full int8, input and outputs too; ``representative`` (n, frames, bands) sets the scales."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None, ..., None].astype(np.float32)] for x in representative)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content: bytes = converter.convert()
    return content
