"""`edged models build`: what upstream ships in another format becomes a model of this box."""

import importlib.util
from pathlib import Path

import pytest

from edged.cli import main
from edged.inference.catalogue import Catalogue, ModelsConfig

DATA = Path(__file__).parents[2].parent / "shared" / "data"
LACKING = [name for name in ("onnx", "PIL", "tensorflow") if importlib.util.find_spec(name) is None]


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """The folder that models are built into; no configuration file is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGED_MODELS__PATH", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.mark.skipif(bool(LACKING), reason=f"extra train is not installed: {', '.join(LACKING)}")
@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here: nothing to build of")
@pytest.mark.filterwarnings("ignore")  # TensorFlow's own
def test_a_model_is_built_of_a_source_that_is_fetched_or_here(models, capfd):
    """It runs; its card says of what it was made; a later pull leaves it alone. TensorFlow says nothing."""
    assert main(["models", "build", "veracity", "--mirror", str(DATA)]) == 0
    out, err = capfd.readouterr()
    assert out == f"veracity: built, 119 kB, in {models}/veracity\n"
    assert "Saved artifact" not in err
    card = Catalogue(ModelsConfig(path=models)).load("veracity").card
    assert set(card.files) == {"cpu", "source"}
    assert "converted by `edged models build` with TensorFlow" in card.source
    assert main(["models", "build", "veracity", "--mirror", "http://127.0.0.1:1"]) == 0
    assert Catalogue(ModelsConfig(path=models)).load("veracity").card == card
    assert main(["models", "pull", "veracity"]) == 0
    assert "is here already" in capfd.readouterr().out


@pytest.mark.skipif(not LACKING, reason="extra train is installed")
def test_without_the_extra_it_says_how_to_get_it(capsys):
    """The very command."""
    assert main(["models", "build", "veracity"]) != 0
    assert "`edged models build` needs " in (said := capsys.readouterr().err)
    assert "`scripts/setup train` in a clone installs" in said


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("person_vww", "need not be built; `edged models pull person_vww` fetches it"),
        ("face_embeding", "did you mean 'face_embedding'?"),
    ],
)
def test_what_is_not_built_is_said(name, message, capsys):
    """And what to do instead."""
    assert main(["models", "build", name]) != 0
    assert message in capsys.readouterr().err
