"""Card and catalogue: what is missing or wrong is named."""

import pytest

from edged.errors import ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.files.card import read_card


def test_the_shipped_model_is_found_and_loads():
    """`drone_sound` comes with edged."""
    catalogue = Catalogue(ModelsConfig())
    assert "drone_sound" in catalogue.names()
    assert catalogue.load("drone_sound").card.labels[0] == "background"


def test_an_unknown_model_brings_a_suggestion():
    """A slip of the finger is recognised."""
    with pytest.raises(ModelError, match="did you mean 'drone_sound'"):
        Catalogue(ModelsConfig()).folder("drone_soud")


def test_an_empty_folder_says_so(tmp_path):
    """No models is not a crash."""
    with pytest.raises(ModelError, match="there are: none"):
        Catalogue(ModelsConfig(path=tmp_path), shipped=tmp_path).folder("drone_sound")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda card: card.pop("labels"), "labels: Field required"),
        (lambda card: card["files"]["cpu"].update(sha256="abc"), "files.cpu.sha256"),
        (lambda card: card["files"]["cpu"].update(path="../../etc/passwd"), "files.cpu.path"),
        (lambda card: card["files"]["cpu"].update(size=-1), "files.cpu.size"),
        (lambda card: card.update(inputs=[{"name": "x", "shape": [1], "dtype": "complex64"}]), "inputs.0.dtype"),
    ],
)
def test_a_faulty_card_names_the_key(folder, change, edit, message):
    """And its file."""
    change(edit)
    with pytest.raises(ModelError, match=message):
        read_card(folder)


@pytest.mark.parametrize("content", [b"", b"[", b"\xff\xfe", b"- 1", b"null"])
def test_a_card_that_is_none_is_refused(folder, content):
    """Empty, not YAML, not text, not a mapping."""
    (folder / "card.yaml").write_bytes(content)
    with pytest.raises(ModelError, match=r"card\.yaml"):
        read_card(folder)
