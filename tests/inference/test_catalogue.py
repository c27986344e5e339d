"""The catalogue: which models are here, which can be had, and where they are."""

import re
import shutil

import pytest
import yaml

from edged.errors import ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig, shipped_models

ENTRY = """\
toy:
  version: "1"
  task: fixture
  files:
    cpu:
      path: toy.tflite
      url: https://example.org/toy.tflite
      sha256: abababababababababababababababababababababababababababababababab
      size: 1
  inputs: []
  outputs: []
  labels: []
  licence: MIT
  source: nowhere
"""


@pytest.fixture
def listed(tmp_path):
    """A catalogue with these entries, and nothing that came with edged."""

    def make(text=ENTRY):
        shipped = tmp_path / "shipped"
        shipped.mkdir(exist_ok=True)
        (shipped / "catalogue.yaml").write_text(text)
        return Catalogue(ModelsConfig(path=tmp_path / "own"), shipped)

    return make


def test_the_shipped_model_is_found_and_loads(tmp_path):
    """`drone_sound` comes with edged, wherever the box keeps its own."""
    catalogue = Catalogue(ModelsConfig(path=tmp_path))
    assert "drone_sound" in catalogue.names()
    assert catalogue.load("drone_sound").card.labels[0] == "background"


def test_the_box_s_own_model_goes_before_the_shipped_one(tmp_path):
    """Half-fetched ones do not count."""
    shutil.copytree(shipped_models() / "drone_sound", tmp_path / ".drone_sound.part")
    catalogue = Catalogue(ModelsConfig(path=tmp_path))
    assert catalogue.folder("drone_sound") == shipped_models() / "drone_sound"
    (tmp_path / ".drone_sound.part").rename(tmp_path / "drone_sound")
    assert catalogue.folder("drone_sound") == tmp_path / "drone_sound"
    assert catalogue.names().count("drone_sound") == 1


def test_an_unknown_model_brings_a_suggestion(tmp_path):
    """Of what is here and of what can be had."""
    catalogue = Catalogue(ModelsConfig(path=tmp_path))
    with pytest.raises(ModelError, match="did you mean 'drone_sound'"):
        catalogue.folder("drone_soud")
    with pytest.raises(ModelError, match="did you mean 'face_coral'"):
        catalogue.folder("face_corral")
    with pytest.raises(ModelError, match="not in the catalogue; did you mean 'face_coral'"):
        catalogue.entry("face_corral")


def test_a_model_that_can_be_had_says_how(tmp_path):
    """The very command."""
    with pytest.raises(ModelError, match="not here; `edged models pull face_coral` fetches it"):
        Catalogue(ModelsConfig(path=tmp_path)).folder("face_coral")


def test_a_shipped_model_is_not_fetched(tmp_path):
    """It is there."""
    with pytest.raises(ModelError, match="there is nothing to fetch"):
        Catalogue(ModelsConfig(path=tmp_path)).entry("drone_sound")


def test_no_models_at_all_is_not_a_crash(tmp_path):
    """It says that there are none."""
    with pytest.raises(ModelError, match="there are: none"):
        Catalogue(ModelsConfig(path=tmp_path), tmp_path).folder("drone_sound")


@pytest.mark.parametrize("name", sorted(Catalogue(ModelsConfig()).available()))
def test_every_entry_can_be_had_and_may_be_used(name):
    """Pinned to a commit, with a limit, under a licence that allows it; named as on the mirror."""
    card = Catalogue(ModelsConfig()).available()[name]
    assert card.name == name
    assert card.licence in {"Apache-2.0", "MIT"}
    assert set(card.files) <= {"cpu", "edgetpu", "labels", "onnx", "source"}
    for file in card.files.values():
        pinned = rf"https://raw\.githubusercontent\.com/[\w.-]+/[\w.-]+/{card.version}[0-9a-f]{{33}}/[\w./-]+"
        assert re.fullmatch(pinned, file.url)
        assert file.url.endswith(f"/{file.path}")
        assert 0 < file.size < 10_000_000


def test_the_list_is_read_when_it_is_asked_for(listed):
    """A faulty one keeps no box from starting with the models that it has."""
    assert listed("toy: [").names() == []


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: text.replace("task: fixture", "tusk: fixture"), r"catalogue\.yaml:1: toy\.task: Field required"),
        (lambda text: text.replace("size: 1", "size: -1"), r"catalogue\.yaml:9: toy\.files\.cpu\.size: .*greater"),
        (lambda text: text.replace("      size: 1\n", ""), r"catalogue\.yaml:5: toy\.files\.cpu: needs url and size"),
        (lambda text: text.replace("path: toy.", "path: ../toy."), r"catalogue\.yaml:6: toy\.files\.cpu\.path"),
        (lambda text: text.replace("toy:", "Toy!:"), r"catalogue\.yaml:1: Toy!\.name"),
        (lambda text: text + "toy: {}\n", r"catalogue\.yaml:15: toy: stands twice"),
        (lambda _: "- toy\n", "must be a mapping of names to cards"),
        (lambda _: "toy: 1\n", r"catalogue\.yaml:1: toy: "),
        (lambda _: "toy: [\n", r"catalogue\.yaml:2: is not YAML"),
    ],
)
def test_a_faulty_entry_is_named_with_its_line(listed, edit, message):
    """File, line, key, fault."""
    with pytest.raises(ModelError, match=message):
        listed(edit(ENTRY)).available()


def test_an_entry_is_a_card(listed):
    """Its name is the key."""
    facts = yaml.safe_load(ENTRY)["toy"]
    card = listed().available()["toy"]
    assert card.name == "toy"
    assert card.files["cpu"].url == facts["files"]["cpu"]["url"]
