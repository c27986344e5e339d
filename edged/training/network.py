"""The network, its training, and its conversion to int8. The only module that imports TensorFlow."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import tensorflow as tf

CONVOLUTIONS = ((16, (3, 5), (1, 2)), (32, (3, 3), (2, 2)), (64, (3, 3), (1, 2)), (96, (3, 3), (2, 2)))
"""Output channels, kernel and strides of each, both as (time, frequency)."""
EMBEDDING = 64
"""Length of the embedding."""
BATCH = 128


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how hard to train."""

    steps: int = 3200
    peak_rate: float = 2e-3
    weight_decay: float = 1e-3
    label_smoothing: float = 0.02
    mixup_share: float = 0.15


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
    rate = tf.keras.optimizers.schedules.CosineDecay(
        1e-4, schedule.steps - 100, alpha=0.01, warmup_target=schedule.peak_rate, warmup_steps=100
    )
    optimiser = tf.keras.optimizers.AdamW(rate, weight_decay=schedule.weight_decay, clipnorm=2.0)
    step = _step(model, optimiser)
    batches = _batches(features, classes, schedule, np.random.default_rng(seed))
    for number in range(schedule.steps):
        x, y = next(batches)
        progress(number, float(step(tf.constant(x), tf.constant(y))))
    return model


def _step(model: Any, optimiser: Any) -> Callable[..., Any]:
    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            logits, _ = model(x, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, logits))
        variables = model.trainable_variables
        optimiser.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    compiled: Callable[..., Any] = step
    return compiled


def _batches(features: Any, classes: Any, schedule: Schedule, random: np.random.Generator) -> Any:
    """Endless batches with masked stripes (SpecAugment, Park 2019), mixup (Zhang 2018) and smoothed labels."""
    targets = np.eye(int(classes.max()) + 1, dtype=np.float32)
    targets = targets * (1 - schedule.label_smoothing) + schedule.label_smoothing / targets.shape[0]
    while True:
        order = random.permutation(classes.size)
        for start in range(0, order.size - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            x, y = features[chosen].astype(np.float32), targets[classes[chosen]]
            yield _mixed(_masked(x, random), y, schedule.mixup_share, random)


def _masked(x: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    frames, bands = x.shape[1:]
    for example in x[random.random(x.shape[0]) < 0.5]:
        first, width = random.integers(frames), random.integers(1, frames // 6)
        example[first : first + width] = 0
    low, height = random.integers(bands), random.integers(1, bands // 8)
    x[random.random(x.shape[0]) < 0.5, :, low : low + height] = 0
    return x


def _mixed(x: Any, y: Any, share: float, random: np.random.Generator) -> Any:
    other = random.permutation(x.shape[0])
    weight = np.where(random.random(x.shape[0]) < share, random.beta(0.4, 0.4, x.shape[0]), 1.0).astype(np.float32)
    x = weight[:, None, None] * x + (1 - weight[:, None, None]) * x[other]
    return x[..., None], weight[:, None] * y + (1 - weight[:, None]) * y[other]


def to_tflite(model: Any, representative: NDArray[np.float16]) -> bytes:
    """Convert to full int8, input and outputs too; ``representative`` (n, frames, bands) sets the scales."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None, ..., None].astype(np.float32)] for x in representative)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content: bytes = converter.convert()
    return content
