"""`edged models`: list, show, evaluate."""

import json

import numpy as np
import pytest
import soundfile

from edged.cli import main
from edged.synthesis import FlyOver, fly_over


@pytest.fixture(autouse=True)
def defaults(tmp_path, monkeypatch):
    """No configuration file is found here."""
    monkeypatch.chdir(tmp_path)


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


def test_list_names_the_shipped_model(capsys):
    """For people, and as JSON."""
    assert main(["models", "list"]) == 0
    assert "drone_sound" in capsys.readouterr().out
    assert main(["models", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "drone_sound"


def test_show_prints_the_card_of_verified_files(capsys):
    """Tensors, data, metrics, limits."""
    assert main(["models", "show", "drone_sound", "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert {"inputs", "outputs", "labels", "data", "metrics", "limits", "licence"} <= set(card)
    assert card["verified_bytes"]["cpu"] <= 150 * 1024


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
