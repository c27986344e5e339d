"""`edged models evaluate faces`: the stages, detector, embedder and threshold of the box, on pictures of people."""

import csv
import json

import pytest

from edged.cli import main
from tests.faces import DATA, NEED_DATA, face_models

__all__ = ["face_models"]

ROLES = {"gallery": "gallery", "probe_known": "probes", "probe_unknown": "strangers"}
LFW = "theJamesChen__LFW-ComputerVision/lfw"
PAIRS = """2 2
Angelina_Jolie 1 2
Jeb_Bush 1 2
Angelina_Jolie 1 Jeb_Bush 1
Angelina_Jolie 2 Jeb_Bush 2
Tom_Daschle 1 2
John_Snow 1 2
Tom_Daschle 1 John_Snow 1
Nobody 1 John_Snow 2
"""


@pytest.fixture
def box(face_models, tmp_path, monkeypatch):
    """A box with the models and no configuration file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGED_MODELS__PATH", str(face_models))
    return tmp_path


def lay_out(folder, every=1):
    """Links to the split's pictures; of the strangers every so many."""
    with (DATA / "splits" / "lfw_subset.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    strangers = [row for row in rows if row["role"] == "probe_unknown"][::every]
    people = sorted({row["identity"] for row in rows if row["role"] == "gallery"})[::every]
    for row in [row for row in rows if row["identity"] in people] + strangers:
        path = folder / ROLES[row["role"]] / row["identity"] / row["file"].rpartition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(DATA / row["file"])
    return folder


@NEED_DATA
def test_people_whom_nobody_tuned_on_are_recognised(box, capsys):
    """The targets of detection and rank-1, and where half a per cent of the strangers may be named."""
    assert main(["models", "evaluate", "faces", str(lay_out(box / "lfw")), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    keys = "n detection_rate rank1 known_named strangers_named named_at_far tar_at_far eer threshold"
    assert list(found) == keys.split()
    assert found["n"] == 600
    assert found["detection_rate"] >= 0.995
    assert found["rank1"] >= 0.99
    assert found["named_at_far"]["0.001"] >= 0.98
    assert found["tar_at_far"]["0.01"] >= 0.98


@NEED_DATA
def test_a_table_tells_people_how_sure_the_figures_are(box, capsys):
    """Shares with their intervals, and a picture where asked."""
    plot = box / "plot.png"
    assert main(["models", "evaluate", "faces", str(lay_out(box / "lfw", 10)), "--plot", str(plot)]) == 0
    lines = {line.partition(" ")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["figure"].split() == ["figure", "value", "95", "%", "interval", "of"]
    assert lines["rank1"].split()[2:] == ["0.8389", "to", "1.0000", "20"]
    assert plot.read_bytes().startswith(b"\x89PNG")


@NEED_DATA
def test_pairs_are_judged_by_folds(box, capsys):
    """With the pairs that have no pictures counted."""
    (box / "pairs.txt").write_text(PAIRS)
    arguments = ["models", "evaluate", "faces", str(DATA / LFW), "--pairs", str(box / "pairs.txt")]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["missing"], found["accuracy"]) == (7, 1, 1.0)
    assert main(arguments) == 0
    assert "accuracy" in capsys.readouterr().out


@NEED_DATA
def test_a_folder_that_is_laid_out_otherwise_is_one_line(box, capsys):
    """It says what is missing and how it must be."""
    assert main(["models", "evaluate", "faces", str(box)]) == 1
    assert capsys.readouterr().err.startswith(f"edged: {box / 'gallery'}: cannot be read")


def test_pairs_are_for_faces_alone(tmp_path, monkeypatch, capsys):
    """Not silently ignored."""
    monkeypatch.chdir(tmp_path)
    assert main(["models", "evaluate", "drone_sound", str(tmp_path), "--pairs", "pairs.txt"]) == 1
    assert "--pairs: goes with `faces`" in capsys.readouterr().err
