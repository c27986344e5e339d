"""Verify: what is not as its card says is refused before a runtime sees it, each fault by its own name."""

import hashlib
import logging

import pytest

from edged.errors import ModelError
from edged.inference.files.card import Tensor, read_card
from edged.inference.files.graph import read_graph
from edged.inference.files.verify import LARGEST, read_verified, verified_file, verify
from tests.inference.tflite import CORAL, DATA, NEED_DATA, SHIPPED, compiled, edited, with_custom_operator, write_model


@pytest.fixture
def offer(folder, change):
    """Offer a content as the shipped model's file for a role: ``offer("cpu", content)`` gives what is read."""

    def apply(role, content):
        (folder / "offered.tflite").write_bytes(content)
        file = {"path": "offered.tflite", "sha256": hashlib.sha256(content).hexdigest()}
        change(lambda card: card["files"].update({role: file}))
        return read_verified(folder, read_card(folder), role)

    return apply


def test_a_model_that_is_as_its_card_says_is_read(folder):
    """The whole of it, for every role; what does not run has no operators."""
    card = read_card(folder)
    assert read_verified(folder, card, "cpu") == SHIPPED
    assert verified_file(folder, card, "unknown") == folder / "unknown.npz"
    assert verify(folder, card, "cpu").graph == read_graph(SHIPPED, "drone_sound")
    assert verify(folder, card, "unknown").graph is None


def test_the_sum_is_compared_first(folder):
    """A damaged file is not looked into."""
    (folder / "drone_sound.tflite").write_bytes(b"TFL3" * 10)
    with pytest.raises(ModelError, match=r"has sha256 .* its card says .*: the file is damaged or was"):
        read_verified(folder, read_card(folder), "cpu")


def test_a_role_that_the_card_does_not_name_says_so(folder):
    """Not every model has a twin."""
    with pytest.raises(ModelError, match="its card names no file for 'edgetpu'"):
        read_verified(folder, read_card(folder), "edgetpu")


def test_a_file_that_is_gone_or_too_large_is_named(folder):
    """A hole of 256 MiB takes no room on the disk, nor in memory for long."""
    with (folder / "unknown.npz").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(ModelError, match=r"unknown.npz is larger than 256 MiB; use a smaller model"):
        verified_file(folder, read_card(folder), "unknown")
    (folder / "unknown.npz").unlink()
    with pytest.raises(ModelError, match=r"unknown.npz cannot be read: No such file"):
        verified_file(folder, read_card(folder), "unknown")


def test_a_compiled_model_offered_to_the_cpu_is_refused(offer):
    """It could not run there."""
    with pytest.raises(ModelError, match=r"is compiled for the Edge TPU and cannot run on the CPU; name it as files"):
        offer("cpu", compiled(SHIPPED))


def test_a_plain_model_offered_to_the_edge_tpu_is_refused(offer):
    """It would run on the CPU of whoever holds the device, without a word."""
    with pytest.raises(ModelError, match=r"is not compiled for it; .*`edged models compile drone_sound`"):
        offer("edgetpu", SHIPPED)


@pytest.mark.parametrize("role", ["cpu", "edgetpu"])
def test_an_operator_that_no_runtime_has_is_named(offer, role):
    """The runtimes would only say so while loading, or crash."""
    content = with_custom_operator(SHIPPED, "fake-op", kind=1)
    with pytest.raises(ModelError, match="has the custom operator 'fake-op', which no runtime has; convert"):
        offer(role, content if role == "cpu" else with_custom_operator(content, "edgetpu-custom-op"))


def test_what_is_left_on_the_cpu_is_logged_once(offer, change, caplog):
    """Such a model runs, slowly; opening the device again is no news."""
    change(lambda card: card.update(name="slow"))
    with caplog.at_level(logging.WARNING):
        offer("edgetpu", compiled(SHIPPED))
        offer("edgetpu", compiled(SHIPPED))
    (said,) = [record for record in caplog.records if record.name == "edged.inference.files.verify"]
    assert said.message == "part of a model for the Edge TPU runs on the CPU"
    assert said.operators == "3 FULLY_CONNECTED, 1 MEAN"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda card: card["inputs"].append(card["inputs"][0]), "has 1 inputs, its card says 2; correct its card"),
        (lambda card: card["outputs"].pop(), "has 2 outputs, its card says 1; correct its card"),
        (lambda card: card["outputs"].reverse(), r"output logits is int8\[1, 64\], its card says int8\[1, 3\]"),
        (lambda card: card["inputs"][0].update(dtype="uint8"), r"is int8\[1, .*\], its card says uint8\[1, "),
        (lambda card: card["inputs"][0].update(scale=0.5), r"is quantised by 0.0939.* and -13, its card says 0.5 and"),
        (lambda card: card["outputs"][1].update(zero_point=3), r"output logits .* and -45, its card says .* and 3;"),
    ],
)
def test_a_card_with_other_tensors_is_refused_naming_both(folder, change, edit, message):
    """Scores would be wrong without a word."""
    change(edit)
    with pytest.raises(ModelError, match=message):
        read_verified(folder, read_card(folder), "cpu")


@pytest.mark.parametrize(
    ("signature", "shape", "fits"),
    [
        ([-1, 64], [1, 64], True),  # as the file has it for now
        ([-1, 64], [-1, 64], True),
        ([-1, 64], [4420, 64], True),
        ([-1, 64], [4420, 65], False),
        ([-1, 64], [1, 64, 1], False),
        (None, [4420, 64], False),
    ],
)
def test_a_size_that_the_file_leaves_open_is_the_cards_to_say(offer, change, signature, shape, fits):
    """What the file does say holds."""

    def leave_open(model):
        graph = model.subgraphs[0]
        graph.tensors[graph.outputs[0]].shapeSignature = signature

    change(lambda card: card["outputs"][0].update(shape=shape))
    content = edited(SHIPPED, leave_open)
    if fits:
        assert offer("cpu", content) == content
    else:
        with pytest.raises(ModelError, match=r"output embedding is int8\[1, 64\], its card says"):
            offer("cpu", content)


@NEED_DATA
def test_a_shape_that_the_file_leaves_open_is_the_cards_to_say(tmp_path):
    """An operator decides it at run time."""
    content = (DATA / "tensorflow__tflite-support/coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite").read_bytes()
    rgb = Tensor(name="rgb", shape=(1, 300, 300, 3), dtype="uint8", scale=0.0078125, zero_point=128)
    shapes = ((1, 10, 4), (1, 10), (1, 10), (1,))
    outputs = [Tensor(name=f"o{n}", shape=shape, dtype="float32") for n, shape in enumerate(shapes)]
    card = write_model(tmp_path / "objects", {"cpu": content}, [rgb], outputs)
    assert read_verified(tmp_path / "objects", card, "cpu") == content


@NEED_DATA
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("google-coral__coralmicro/person_detect_model.tflite", "the file is damaged: tensor .* is quantised along"),
        ("google-coral__test_data/models/model_invoking_error.tflite", "has the custom operator 'fake-op-double'"),
        ("tensorflow__tflite-micro/audio_preprocessor_int8.tflite", "has the custom operator 'SignalWindow'"),
        ("google-coral__coralmicro/testconv1-edgetpu.tflite", "is compiled for the Edge TPU"),
    ],
)
def test_models_that_break_runtimes_are_refused(offer, path, message):
    """Real ones, each by its own name."""
    with pytest.raises(ModelError, match=message):
        offer("cpu", (DATA / path).read_bytes())


@NEED_DATA
def test_a_model_may_exist_for_the_edge_tpu_only(tmp_path, caplog):
    """Compiled whole: nothing is said of it."""
    content = (CORAL / "mobilenet_v1_0.25_128_quant_edgetpu.tflite").read_bytes()
    rgb = Tensor(name="rgb", shape=(1, 128, 128, 3), dtype="uint8", scale=0.0078125, zero_point=128)
    scores = Tensor(name="scores", shape=(1, 1001), dtype="uint8", scale=0.00390625)
    write_model(tmp_path / "images", {"edgetpu": content}, [rgb], [scores])
    assert read_verified(tmp_path / "images", read_card(tmp_path / "images"), "edgetpu") == content
    assert not caplog.records
