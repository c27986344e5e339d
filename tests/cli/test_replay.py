"""`edged replay`: events of recordings, by the same stages as live sound."""

import csv
import io
import json
import re

import numpy as np
import pytest
import soundfile

from edged.cli import main

KEYS = {"file", "id", "pipeline", "label", "confidence", "start_s", "end_s", "observed_s", "evidence"}


@pytest.fixture(autouse=True)
def defaults(tmp_path, monkeypatch):
    """No configuration file is found here."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def noise(tmp_path):
    path = tmp_path / "noise.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.05, 16000 * 4), 16000)
    return path


def test_jsonl_has_one_event_a_line_in_seconds_of_the_recording(recording, noise, capsys):
    """File, id, pipeline, label, confidence, and when it began, ended, and was sure."""
    assert main(["replay", str(recording), str(noise)]) == 0
    out, err = capsys.readouterr()
    (event,) = map(json.loads, out.splitlines())
    assert set(event) == KEYS
    assert (event["file"], event["pipeline"], event["label"]) == (str(recording), "drones", "drone")
    assert 3 <= event["start_s"] <= 7
    assert 13 <= event["end_s"] <= 17
    assert event["start_s"] < event["observed_s"] <= event["start_s"] + 3
    assert re.search(r"2 files, 24\.0 s of sound in .* x real time\), 1 event$", err.strip())


def test_the_same_recording_gives_the_same_events(recording, capsys):
    """Nothing depends on the clock but the id and the time of day in it."""
    lines = []
    for _ in range(2):
        main(["replay", str(recording)])
        lines.append(json.loads(capsys.readouterr().out) | {"id": ""})
    assert lines[0] == lines[1]


def test_csv_has_a_header_and_a_row_an_event(recording, capsys):
    """The columns are those of the issue."""
    assert main(["replay", "--output", "csv", str(recording)]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert set(row) == KEYS - {"evidence"}
    assert row["label"] == "drone"


def test_audacity_labels_are_tab_separated(recording, capsys):
    """Start, end, text; one file goes to standard output."""
    assert main(["replay", "--output", "audacity", str(recording)]) == 0
    start, end, text = capsys.readouterr().out.rstrip("\n").split("\t")
    assert float(start) < float(end)
    assert text.startswith("drone 0.")


def test_audacity_labels_of_several_files_go_to_a_folder(recording, noise, tmp_path, capsys):
    """A label file has no place for a file's name, so each recording has its own."""
    assert main(["replay", "--output", "audacity", str(recording), str(noise)]) == 78
    assert "--out" in capsys.readouterr().err
    folder = tmp_path / "labels"
    folder.mkdir()
    assert main(["replay", "--output", "audacity", "--out", str(folder), str(recording), str(noise)]) == 0
    assert [path.name for path in folder.iterdir()] == ["fly over.wav.txt"]


def test_a_file_that_cannot_be_read_is_one_line_and_the_others_go_on(recording, tmp_path, capsys):
    """And the exit status says that something was wrong."""
    bad = [tmp_path / "absent.wav", tmp_path / "empty.wav", tmp_path / "text.wav", tmp_path]
    bad[1].write_bytes(b"")
    bad[2].write_text("this is no sound\n" * 100)
    assert main(["replay", *map(str, bad), str(recording)]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "Traceback" not in err
    for path in bad:
        assert len([line for line in err.splitlines() if line.startswith(f"edged: {path}: ")]) == 1
    assert "5 files, 4 with errors" in err


def test_sound_that_is_not_sound_is_mentioned(tmp_path, capsys):
    """Digital silence is no quiet night."""
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.zeros(16000 * 5), 16000)
    assert main(["replay", str(path)]) == 0
    assert "the sound is silent" in capsys.readouterr().err


def test_an_unknown_pipeline_is_refused_with_those_that_there_are(recording, capsys):
    """Exit 78, and the names."""
    assert main(["replay", "--pipeline", "drone", str(recording)]) == 78
    assert "the configuration's pipelines: drones" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("pipelines", "known"), [({}, "none"), ({"drones": {"kind": "drones", "enabled": False}}, "drones")]
)
def test_a_configuration_without_pipelines_is_said(recording, tmp_path, capsys, pipelines, known):
    """No recording passes for one without events."""
    (tmp_path / "edged.yaml").write_text(json.dumps({"pipelines": pipelines}))
    assert main(["replay", str(recording), "-c", str(tmp_path / "edged.yaml")]) == 78
    said = capsys.readouterr().err
    assert said.startswith(f"edged: pipelines: none is on (of: {known})")


def test_the_report_is_one_self_contained_page(recording, tmp_path, capsys):
    """Spectrogram, scores and events, and not one request to the outside; a file's name cannot break the page."""
    odd = tmp_path / "<b>&'.wav"
    odd.write_bytes(recording.read_bytes())
    page = tmp_path / "report.html"
    assert main(["replay", "--report", str(page), str(odd)]) == 0
    text = page.read_text()
    assert not re.search(r"""(src|href)=|https?://(?!www\.w3\.org/2000/svg)|@import""", text)
    (recorded,) = json.loads(re.search(r"const DATA = (.*);", text)[1])
    assert len(recorded["events"]) == 1
    assert len(recorded["scores"]) > 20
    assert recorded["labels"][0] == "drone"
    assert "<b>" not in text


def test_a_page_that_cannot_be_written_is_said(recording, tmp_path, capsys):
    """One line."""
    assert main(["replay", "--report", str(tmp_path / "no" / "r.html"), str(recording)]) == 1
    assert "r.html: cannot be written: No such file" in capsys.readouterr().err
