"""MobileFaceNet (Chen et al. 2018, weights of foamliu): ONNX -> int8 TFLite, uint8 RGB in, int8 embedding out."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from edged.errors import ModelError
from edged.inference.interpreter import make_interpreter
from edged.training import convert_onnx
from edged.training.converted import Converted

SIDE = 112
"""Of the face, in pixels."""
MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
"""Of ImageNet, as upstream normalises by."""
CALIBRATION_IMAGES = 200
"""At most."""
LEAST_SIMILARITY = 0.97
"""Of int8 and float embeddings, on average; with faces of LFW it is 0.993."""


def convert(source: Path, images: Path | None) -> Converted:
    """The ONNX model ``source`` as int8 TFLite, its scales set by the faces below ``images``.

    ModelError where there are no faces, ``source`` is not what it should be, or int8 loses too much on those very
    images: whether they are faces is not noticed.
    """
    if images is None:
        raise ModelError(
            "--images DIR is missing: a folder of cut-out faces (some 200), by which to set the int8 scales"
        )
    faces, digest = read_faces(images)
    float_network = network(source)
    content = to_int8(float_network, faces)
    similarity = similarities(float_network, content, faces)
    if similarity.mean() < LEAST_SIMILARITY:
        raise ModelError(
            f"the int8 embeddings have a similarity of only {similarity.mean():.3f} to the float ones, must be "
            f"at least {LEAST_SIMILARITY}: try more and other faces than those in {images}"
        )
    return Converted(
        content,
        inputs=("rgb",),
        outputs=("embedding",),
        parameters={"input": "rgb, an aligned face", "calibration": {"images": len(faces), "pixels_sha256": digest}},
        metrics={
            "similarity_to_float": {
                "mean": round(float(similarity.mean()), 4),
                "least": round(float(similarity.min()), 4),
                "faces": "those of the calibration",
            }
        },
    )


def network(source: Path) -> Any:
    """The float network in Keras: RGB in 0 to 255, shape (1, 112, 112, 3) -> embedding (1, 128), of any length."""
    rgb = tf.keras.Input((SIDE, SIDE, 3), batch_size=1, name="rgb")
    # As a layer and not folded into the first convolution: that one pads with 0, and must do so after normalising.
    normalise = tf.keras.layers.DepthwiseConv2D(1, name="normalise")
    image = normalise(rgb)
    normalise.set_weights([(1 / (255 * STD)).reshape(1, 1, 3, 1), -MEAN / STD])
    return tf.keras.Model(rgb, convert_onnx.apply(convert_onnx.read_onnx(source), image))


def to_int8(float_network: Any, faces: NDArray[np.uint8]) -> bytes:
    """The network as TFLite, wholly int8 inside; ``faces`` (n, 112, 112, 3) set the scales."""
    samples = faces.copy()
    samples[0, 0, :2] = [[0, 0, 0], [255, 255, 255]]  # two pixels, so that the input's scale is 1 and its zero point 0
    converter = tf.lite.TFLiteConverter.from_keras_model(float_network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([face[None].astype(np.float32)] for face in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type, converter.inference_output_type = tf.uint8, tf.int8
    content: bytes = converter.convert()
    return content


def similarities(float_network: Any, content: bytes, faces: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Cosine similarity of int8 and float embedding, for each of the faces, shape (n,)."""
    interpreter = make_interpreter(content, "face_embedding", threads=1)
    rgb, embedding = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]
    scale, zero_point = embedding["quantization"]
    found = []
    for face in faces[:, None]:
        interpreter.set_tensor(rgb, face)
        interpreter.invoke()
        quantised = (interpreter.get_tensor(embedding["index"])[0].astype(np.float64) - zero_point) * scale
        exact = float_network(face.astype(np.float32)).numpy()[0]
        found.append(quantised @ exact / (np.linalg.norm(quantised) * np.linalg.norm(exact)))
    return np.array(found)


def read_faces(folder: Path) -> tuple[NDArray[np.uint8], str]:
    """At most ``CALIBRATION_IMAGES`` faces (n, 112, 112, 3) from below ``folder``, and the SHA-256 of their pixels.

    They are evenly spaced in the order of the names, so the same folder gives the same faces; each is cut to its
    central square. ModelError where there are none, or one cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".bmp"})
    if not paths:
        raise ModelError(f"--images {folder}: no .jpg, .png or .bmp in it; name a folder of cut-out faces")
    places = np.linspace(0, len(paths) - 1, min(len(paths), CALIBRATION_IMAGES)).round().astype(int)
    faces = np.stack(list(_read(paths[place] for place in places)))
    return faces, hashlib.sha256(faces.tobytes()).hexdigest()


def _read(paths: Iterator[Path]) -> Iterator[NDArray[np.uint8]]:
    for path in paths:
        try:
            with Image.open(path) as image:
                face = ImageOps.fit(image.convert("RGB"), (SIDE, SIDE), Image.Resampling.BILINEAR)
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise ModelError(f"{path}: is no image: {error}") from None
        yield np.asarray(face, np.uint8)
