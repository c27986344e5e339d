"""Meso4 (Afchar et al. 2018): Keras weights -> float TFLite. It tells manipulated faces from real ones, badly."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from edged.errors import ModelError
from edged.training.converted import Converted

SIDE = 256
"""Of the face, in pixels."""
BLOCKS = ((8, 3, 2), (8, 5, 2), (16, 5, 2), (16, 5, 4))
"""Channels, kernel and pooling of each (figure 1 of the paper)."""


def convert(source: Path, _: Path | None = None) -> Converted:
    """The weights in ``source`` as a TFLite model; ModelError where they are not Meso4's.

    Float, and no calibration images: quantised to int8 it is worthless.
    """
    content: bytes = tf.lite.TFLiteConverter.from_keras_model(network(source)).convert()
    return Converted(
        content,
        inputs=("rgb",),
        outputs=("real",),
        parameters={"input": "rgb in [0, 1], a face", "scale": 255},
        limits=("Does not generalise: it calls 48 % of LFW fake.",),
    )


def network(source: Path) -> Any:
    """RGB in 0 to 1, shape (1, 256, 256, 3) -> the score of real, shape (1, 1)."""
    layers = tf.keras.layers
    rgb = x = tf.keras.Input((SIDE, SIDE, 3), batch_size=1, name="rgb")
    for channels, kernel, pool in BLOCKS:
        x = layers.Conv2D(channels, kernel, padding="same", activation="relu")(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(pool, padding="same")(x)
    x = layers.LeakyReLU(negative_slope=0.1)(layers.Dense(16)(layers.Flatten()(x)))
    meso4 = tf.keras.Model(rgb, layers.Dense(1, activation="sigmoid")(x))
    try:
        meso4.load_weights(source)
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(f"{source}: does not hold the weights of Meso4: {error}") from None
    return meso4
