"""`edged models`: list, show, evaluate."""

import json
import re
import shutil

import numpy as np
import pytest
import soundfile

from edged.cli import main
from edged.inference.catalogue import shipped_models
from edged.inference.files.card import Tensor
from edged.synthesis import FlyOver, fly_over
from tests.inference.tflite import SHIPPED, compiled, with_custom_operator, write_model


@pytest.fixture(autouse=True)
def defaults(tmp_path, monkeypatch):
    """No configuration file is found here, and no model but those that came with edged."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGED_MODELS__PATH", str(tmp_path / "models"))


@pytest.fixture
def labelled(tmp_path):
    """A folder laid out like the indoor set: five drone windows and five of noise."""
    drone = fly_over(FlyOver())[16000 * 8 : 16000 * 13]
    noise = np.random.default_rng(0).normal(0, 0.02, 16000 * 5)
    rows = ["file,start_sample,valid_samples,label,recording"]
    for name, sound, label in (("d.flac", drone, "quad"), ("n.flac", noise, "esc_10")):
        soundfile.write(tmp_path / name, sound, 16000)
        rows += [f"{name},{second * 16000},16000,{label},{label}" for second in range(5)]
    (tmp_path / "windows.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def listed(capsys):
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)}


def test_list_says_where_each_model_is_and_who_uses_it(capsys):
    """For people, and as JSON."""
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "version", "task", "where", "used", "by", "devices"]
    (line,) = [line for line in lines if line.startswith("drone_sound ")]
    assert line.split()[2:] == ["sound-classification", "here", "drones", "cpu"]
    assert main(["models", "list", "--json"]) == 0
    row = listed(capsys)["drone_sound"]
    assert row["here"] is True
    assert row["labels"] == ["background", "drone", "helicopter"]


def test_list_shows_what_can_be_had_and_what_is_missing(tmp_path, capsys):
    """A model of the catalogue that is not here; one that the configuration names and nobody has."""
    (tmp_path / "edged.yaml").write_text("pipelines: {night: {model: owl_sound, shadow: drone_sound}}\n")
    assert main(["models", "list", "--json"]) == 0
    rows = listed(capsys)
    twin = rows["audio_yamnet_spectra"]
    assert (twin["here"], twin["catalogue"], twin["devices"]) == (False, True, ["cpu", "edgetpu"])
    missing = {"here": False, "catalogue": False, "used_by": ["night"], "devices": [], "version": None}
    assert missing.items() <= rows["owl_sound"].items()
    assert rows["drone_sound"]["used_by"] == ["night (shadow)"]
    assert main(["models", "list"]) == 0
    assert re.search(r"\nowl_sound +nowhere +night\n", capsys.readouterr().out)


def test_list_names_a_faulty_card_and_goes_on(tmp_path, capsys):
    """And fails in the end."""
    (tmp_path / "models" / "broken").mkdir(parents=True)
    (tmp_path / "models" / "broken" / "card.yaml").write_text("name: broken\n")
    assert main(["models", "list"]) == 1
    captured = capsys.readouterr()
    assert "drone_sound" in captured.out
    assert "broken/card.yaml: version: Field required" in captured.err


def test_show_tells_all_of_a_model_as_json(capsys):
    """The card, the files' sizes, what they compute, and on what."""
    assert main(["models", "show", "drone_sound", "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert {"inputs", "outputs", "labels", "data", "metrics", "limits", "licence"} <= set(card)
    assert card["verified_bytes"]["cpu"] <= 150 * 1024
    assert card["signed_by"] is None
    cpu = card["computes"]["cpu"]
    assert {one["on_cpu"] for one in cpu["operators"]} == {""}
    assert cpu["parameter_bytes"] < card["verified_bytes"]["cpu"]


def test_show_is_readable(capsys):
    """Files, tensors, operators, parameters, then the rest of the card."""
    assert main(["models", "show", "drone_sound"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("drone_sound 1.0.0, sound-classification, ")
    assert out.splitlines()[0].endswith(", signed by nobody")
    for pattern in (
        r"\ncpu +drone_sound\.tflite +98,784 ",
        r"\ninput +log_mel +int8\[1, 30, 128, 1\] +0\.0939032 +-13\n",
        r"\ncpu operator +on the Edge TPU, once compiled\nCONV_2D +4 +yes\n",
        r"\nparameters: [0-9,]+ bytes, 1\.0% of the Edge TPU's cache\n",
        r"\nmetrics:\n",
    ):
        assert re.search(pattern, out), pattern


def test_show_tells_what_stays_on_the_cpu(tmp_path, capsys):
    """Of a model that could be compiled, and of one that is."""
    content = with_custom_operator(SHIPPED, "Mfcc", kind=2)
    scores = Tensor(name="scores", shape=(1, 3), dtype="int8", scale=0.04027390480041504, zero_point=-45)
    embedding = Tensor(name="embedding", shape=(1, 64), dtype="int8", scale=0.0284930020570755, zero_point=21)
    log_mel = Tensor(name="x", shape=(1, 30, 128, 1), dtype="int8", scale=0.09390318393707275, zero_point=-13)
    files = {"cpu": content, "edgetpu": compiled(SHIPPED)}
    write_model(tmp_path / "models" / "halves", files, [log_mel], [embedding, scores])
    assert main(["models", "show", "halves"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"\nMfcc +3 +no: not supported\n", out)
    assert re.search(r"\nedgetpu-custom-op +4 +yes\nMEAN +1 +no: left there by the compiler\n", out)
    assert "\nparameters and instructions: 0 bytes" in out


def test_show_refuses_a_damaged_model(tmp_path, capsys):
    """What it would say of it would not be true."""
    folder = shutil.copytree(shipped_models() / "drone_sound", tmp_path / "models" / "drone_sound")
    (folder / "drone_sound.tflite").write_bytes(b"")
    assert main(["models", "show", "drone_sound"]) == 78
    assert "is damaged or was changed" in capsys.readouterr().err


def test_evaluate_prints_every_figure_as_one_object(labelled, capsys):
    """And draws a PNG where asked."""
    plot = labelled / "plot.png"
    assert main(["models", "evaluate", "drone_sound", str(labelled), "--json", "--plot", str(plot)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["n"] == 10
    assert {"accuracy", "precision", "recall", "f1", "roc_auc", "false_positive_rate", "confusion_matrix"} <= set(
        result
    )
    assert set(result["false_positive_rate"]) == {"esc_10"}
    assert sum(map(sum, result["confusion_matrix"])) == 10
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_evaluate_for_people_shows_the_same(labelled, capsys):
    """A table to read."""
    assert main(["models", "evaluate", "drone_sound", str(labelled)]) == 0
    out = capsys.readouterr().out
    assert "roc_auc" in out
    assert "esc_10" in out


def test_a_folder_without_windows_is_one_line(tmp_path, capsys):
    """No traceback."""
    assert main(["models", "evaluate", "drone_sound", str(tmp_path / "absent")]) != 0
    assert "windows.csv" in capsys.readouterr().err
