"""Conversions: the same function in another format, the same bytes each time. Needs onnx and TensorFlow."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edged.errors import ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.cpu_model import CpuModel
from edged.inference.files.card import Card
from edged.inference.model import dequantise
from edged.inference.supply.origin import FolderMirror
from edged.inference.supply.store import fetch, write_card

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FACES = DATA / "theJamesChen__LFW-ComputerVision" / "lfw"
DERIVED = DATA / "derived_models"
NEED_DATA = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there: nothing to convert")

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None or importlib.util.find_spec("onnx") is None,
        reason="TensorFlow and onnx (extra train) are not installed",
    ),
    pytest.mark.filterwarnings("ignore"),  # TensorFlow's own
    pytest.mark.timeout(300),
]


def network(extra=()):
    """ONNX: two convolutions, one for each channel, with uneven padding and strides; a sum; a vector."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    shapes = {"w1": (8, 3, 3, 3), "b1": (8,), "w2": (8, 1, 3, 3), "b2": (8,), "w3": (8, 1, 5, 4), "b3": (8,)}
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    weights |= {"zero": np.float32(0), "six": np.float32(6), "vector": np.array([1, -1])}

    def conv(inputs, output, pads, group=1, strides=(1, 1)):
        size = shapes[inputs[1]][2:]
        return helper.make_node(
            "Conv", inputs, [output], dilations=[1, 1], group=group, kernel_shape=size, pads=pads, strides=strides
        )

    nodes = [
        conv(["image", "w1", "b1"], "a", [1, 0, 0, 1], strides=[2, 2]),
        helper.make_node("Clip", ["a", "zero", "six"], ["b"]),
        conv(["b", "w2", "b2"], "c", [1, 1, 1, 1], group=8),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("Add", ["b", "d"], ["e"]),
        conv(["e", "w3", "b3"], "f", [0, 0, 0, 0], group=8),
        *extra,
        helper.make_node("Reshape", ["f", "vector"], ["out"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 11, 9])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 8])
    initial = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    return helper.make_model(
        helper.make_graph(nodes, "network", [image], [out], initial),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )


def test_a_translated_network_computes_the_same():
    """As onnx's own evaluator does it, in spite of the other layout."""
    import tensorflow as tf
    from onnx.reference import ReferenceEvaluator

    from edged.training import convert_onnx

    model = network()
    image = np.random.default_rng(1).normal(size=(1, 3, 11, 9)).astype(np.float32)
    expected = ReferenceEvaluator(model).run(None, {"image": image})[0]
    inputs = tf.keras.Input((11, 9, 3), batch_size=1)
    translated = tf.keras.Model(inputs, convert_onnx.apply(model, inputs))
    np.testing.assert_allclose(translated(image.transpose(0, 2, 3, 1)).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_an_operator_that_is_not_known_is_named():
    """With those that are."""
    import tensorflow as tf
    from onnx import helper

    from edged.training import convert_onnx

    model = network([helper.make_node("Sin", ["f"], ["g"], name="/wave")])
    with pytest.raises(ModelError, match="/wave: operator Sin is not one of Add, Clip"):
        convert_onnx.apply(model, tf.keras.Input((11, 9, 3), batch_size=1))


@pytest.mark.parametrize("content", [b"", b"not a model" * 10])
def test_what_is_no_onnx_model_is_refused(tmp_path, content):
    """By its name."""
    from edged.training import convert_onnx

    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.onnx: is not an ONNX model"):
        convert_onnx.read_onnx(tmp_path / "x.onnx")


def test_what_are_no_weights_is_refused(tmp_path):
    """By its name."""
    from edged.training import meso4

    (tmp_path / "x.h5").write_bytes(b"not weights")
    with pytest.raises(ModelError, match=r"x\.h5: does not hold the weights of Meso4"):
        meso4.network(tmp_path / "x.h5")


def test_the_faces_to_calibrate_by_are_always_the_same(tmp_path):
    """At most so many, evenly spaced in the order of their names, cut to their central square."""
    from edged.training import mobilefacenet

    for number in range(mobilefacenet.CALIBRATION_IMAGES * 2 - 1):
        Image.new("RGB", (16, 12), (number // 2, 0, 0)).save(tmp_path / f"{number:04}.png")
    (tmp_path / "notes.txt").write_text("no image")
    faces, digest = mobilefacenet.read_faces(tmp_path)
    assert faces.shape == (mobilefacenet.CALIBRATION_IMAGES, 112, 112, 3)
    assert faces[:, 0, 0, 0].tolist() == list(range(mobilefacenet.CALIBRATION_IMAGES))
    assert mobilefacenet.read_faces(tmp_path)[1] == digest


def test_without_faces_it_says_what_is_missing(tmp_path):
    """No option, no images in the folder, no image in the file."""
    from edged.training import mobilefacenet

    with pytest.raises(ModelError, match="--images DIR is missing"):
        mobilefacenet.convert(tmp_path / "x.onnx", None)
    with pytest.raises(ModelError, match=rf"--images {tmp_path}: no \.jpg"):
        mobilefacenet.read_faces(tmp_path)
    (tmp_path / "x.jpg").write_bytes(b"no image")
    with pytest.raises(ModelError, match=r"x\.jpg: is no image"):
        mobilefacenet.read_faces(tmp_path)


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> tuple[Path, np.ndarray]:
    """A folder with some faces of LFW, and others as an array (n, 112, 112, 3)."""
    folder = tmp_path_factory.mktemp("faces")
    cut = []
    for number, path in enumerate(sorted(FACES.glob("*/*.jpg"))[::20]):
        with Image.open(path) as image:
            face = image.convert("RGB").crop((70, 70, 180, 180)).resize((112, 112))
        if number % 2:
            face.save(folder / f"{number}.png")
        else:
            cut.append(np.asarray(face))
    return folder, np.array(cut)


def built(name: str, folder: Path, images: Path | None = None) -> Card:
    from edged.training import convert

    entry = Catalogue(ModelsConfig()).entry(name)
    folder.mkdir()
    fetch(entry, folder, FolderMirror(DATA), lambda _: None)
    card = convert.build(entry, folder, images)
    write_card(folder, card, "test")
    return card


def embeddings(model: CpuModel, faces: np.ndarray) -> np.ndarray:
    """Of unit length, shape (n, 128)."""
    raw = [dequantise(model.run([face[None]]).outputs[0], model.card.outputs[0])[0] for face in faces]
    return np.array(raw) / np.linalg.norm(raw, axis=1, keepdims=True)


@NEED_DATA
def test_the_face_embedder_is_built_the_same_each_time_and_does_as_the_float_one(tmp_path, faces):
    """Pixels go in as they are; its embeddings are as near the float network's as those of a model made elsewhere."""
    from edged.training import mobilefacenet

    images, unseen = faces
    card = built("face_embedding", tmp_path / "one", images)
    assert built("face_embedding", tmp_path / "two", images) == card
    assert str(card.inputs[0]) == "uint8[1, 112, 112, 3]"
    assert (card.inputs[0].scale, card.inputs[0].zero_point) == (1.0, 0)
    assert str(card.outputs[0]) == "int8[1, 128]"
    mine = embeddings(CpuModel(tmp_path / "one"), unseen)
    float_network = mobilefacenet.network(tmp_path / "one" / card.files["source"].path)
    exact = np.concatenate([float_network(face[None].astype(np.float32)).numpy() for face in unseen])
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    assert np.sum(mine * exact, axis=1).mean() > 0.985
    other = (DERIVED / "mobilefacenet_foamliu_112_int8.tflite").read_bytes()
    assert np.sum(mine * exact, axis=1).mean() > mobilefacenet.similarities(float_network, other, unseen).mean() - 0.01


@NEED_DATA
def test_veracity_is_built_the_same_each_time_and_as_elsewhere(tmp_path):
    """Float, so nearly to the last bit."""
    from edged.inference.interpreter import make_interpreter

    card = built("veracity", tmp_path / "one")
    assert built("veracity", tmp_path / "two") == card
    model = CpuModel(tmp_path / "one")
    other = make_interpreter((DERIVED / "Meso4_DF_256_f32.tflite").read_bytes(), "veracity", threads=1)
    for seed in range(3):
        face = np.random.default_rng(seed).random((1, 256, 256, 3), np.float32)
        other.set_tensor(other.get_input_details()[0]["index"], face)
        other.invoke()
        expected = other.get_tensor(other.get_output_details()[0]["index"])
        np.testing.assert_allclose(model.run([face]).outputs[0], expected, atol=1e-5)
