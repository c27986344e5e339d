"""`edged models pull`: models come from a mirror, whole, and what is here is left alone."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edged.cli import main
from edged.inference.catalogue import Catalogue, ModelsConfig
from tests.upstream import Upstream

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NEED_DATA = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here: no models to pull")


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """The folder that models are pulled into; no configuration file is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGED_MODELS__PATH", str(tmp_path / "models"))
    return tmp_path / "models"


@NEED_DATA
def test_every_model_comes_from_a_folder_and_runs(models, capsys):
    """The catalogue's sums and tensors are those of the files; a second time there is nothing to do."""
    names = sorted(Catalogue(ModelsConfig()).available())
    assert main(["models", "pull", "--all", "--mirror", str(DATA)]) == 0
    assert sorted(path.name for path in models.iterdir()) == names
    out = capsys.readouterr().out
    assert len(out.splitlines()) == len(names)
    assert re.search(rf"^face_coral: fetched, 406 kB, into {models}/face_coral$", out, re.MULTILINE)
    assert "face_embedding; `edged models build face_embedding` makes the model of it" in out
    assert main(["models", "pull", "--all", "--mirror", "http://127.0.0.1:1"]) == 0
    assert capsys.readouterr().out.count("is here already") == len(names)


@NEED_DATA
@pytest.mark.parametrize(
    "name", sorted(name for name, card in Catalogue(ModelsConfig()).available().items() if "cpu" in card.files)
)
def test_a_pulled_model_runs(models, name, capsys):
    """Loaded and verified as any other, on an input of nothing."""
    assert main(["models", "pull", name, "--mirror", str(DATA)]) == 0
    model = Catalogue(ModelsConfig(path=models)).load(name)
    outputs = model.run([np.zeros(tensor.shape, tensor.dtype) for tensor in model.card.inputs]).outputs
    assert [output.dtype.name for output in outputs] == [tensor.dtype for tensor in model.card.outputs]


@NEED_DATA
def test_force_fetches_what_is_here_once_more(models, capsys):
    """In place of what was there."""
    pull = ["models", "pull", "split_concat", "--mirror", str(DATA)]
    assert main(pull) == 0
    (models / "split_concat" / "mine.txt").write_text("")
    assert main([*pull, "--force"]) == 0
    assert "fetched" in capsys.readouterr().out.splitlines()[-1]
    assert not (models / "split_concat" / "mine.txt").exists()


def test_one_that_cannot_be_had_does_not_keep_the_others_away(tmp_path, capsys):
    """A line for each; exit 1."""
    names = ["face_corral", "split_concat", "conv_fixture"]
    assert main(["models", "pull", *names, "--mirror", str(tmp_path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[2].split(":")[0] for line in lines] == [
        "model 'face_corral'",
        "split_concat.tflite",
        "testconv1-edgetpu.tflite",
    ]


def test_a_mirror_that_is_none_is_one_line(capsys):
    """Neither URL nor folder."""
    assert main(["models", "pull", "split_concat", "--mirror", "/nowhere/at/all"]) != 0
    assert "--mirror /nowhere/at/all: is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["split_concat", "--all"]])
def test_names_or_all_must_be_given(arguments, capsys):
    """One of them."""
    with pytest.raises(SystemExit) as left:
        main(["models", "pull", *arguments])
    assert left.value.code == 2
    assert "--all" in capsys.readouterr().err


def test_what_an_interrupted_pull_has_got_is_kept(models):
    """Ctrl-C: no traceback, exit 1, and the part is there to go on with."""
    upstream = Upstream()
    upstream.files["/testconv1-edgetpu.tflite"] = b"x" * 37424
    upstream.manners.stall_after = 20_000
    command = [sys.executable, "-m", "edged", "models", "pull", "conv_fixture", "--mirror", upstream.url]
    pulling = subprocess.Popen(
        command,
        env=os.environ | {"no_proxy": "127.0.0.1", "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=-1,
        text=True,
    )
    part = models / ".conv_fixture.part" / "testconv1-edgetpu.tflite.part"
    assert upstream.stalled.wait(30)
    while not (part.exists() and part.stat().st_size):
        assert pulling.poll() is None
    pulling.send_signal(signal.SIGINT)
    _, said = pulling.communicate(timeout=30)
    upstream.close()
    assert pulling.returncode == 1
    assert said == "edged: model conv_fixture: interrupted; the same command goes on from there\n"
    assert part.stat().st_size > 0


@pytest.mark.parametrize("order", [["-c", "FILE", "list"], ["list", "-c", "FILE"]])
def test_the_config_may_be_named_before_or_after_the_action(order, tmp_path, capsys, monkeypatch):
    """Whoever is used to one command finds the other the same."""
    monkeypatch.delenv("EDGED_MODELS__PATH")
    (tmp_path / "mine.yaml").write_text(f"models: {{path: {tmp_path / 'elsewhere'}}}\n")
    (tmp_path / "elsewhere" / "broken_one").mkdir(parents=True)
    (tmp_path / "elsewhere" / "broken_one" / "card.yaml").write_text("{}")
    main(["models", *(str(tmp_path / "mine.yaml") if word == "FILE" else word for word in order)])
    assert "broken_one" in "".join(capsys.readouterr())
