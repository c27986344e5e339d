"""`edged events export`: events and their clips into files of a person's own."""

import csv
import io
import json

import pytest

from edged.cli import main
from edged.messages.event import Phase
from tests.cli.told import Told, a_chirp, an_id


@pytest.fixture
def told(tmp_path):
    """Four events at noon and after it, of two pipelines; the last has no end."""
    box = Told(tmp_path)
    box.tell(1)
    box.tell(2, after_s=3600.0, pipeline="people_at_the_gate")
    box.tell(3, after_s=7200.0)
    box.tell(4, Phase.START, after_s=10_800.0)
    yield box
    box.box.kill()


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_events_are_exported_whole_or_not_at_all(told, tmp_path, capsys, ending):
    """Every one that is wanted, the oldest first, for the owner's eyes alone."""
    target = tmp_path / f"out.{ending}"
    assert main(["events", "export", str(target), "--pipeline", "drones", "-c", str(told.config)]) == 0
    assert capsys.readouterr().err == f"{target}: 3 events\n"
    text = target.read_text()
    rows = csv.DictReader(io.StringIO(text)) if ending == "csv" else map(json.loads, text.splitlines())
    assert [row["id"] for row in rows] == [an_id(1), an_id(3), an_id(4)]
    assert target.stat().st_mode & 0o777 == 0o600
    assert main(["events", "export", str(tmp_path / "no" / "x.csv"), "-c", str(told.config)]) == 1
    assert "cannot be written: No such file or directory; " in capsys.readouterr().err


def test_clips_are_exported_decrypted(told, tmp_path, capsys):
    """A folder an event, with what was kept of it; of events without a clip there is none."""
    told.keep(3, sound := a_chirp(length_s=0.5))
    arguments = ["events", "export", str(tmp_path / "x.jsonl"), "--with-clips", str(tmp_path / "evidence")]
    assert main([*arguments, "-c", str(told.config)]) == 0
    assert capsys.readouterr().err.endswith("x.jsonl: 4 events, 1 clip\n")
    (folder,) = (tmp_path / "evidence").iterdir()
    assert folder.name == an_id(3)
    assert {path.name for path in folder.iterdir()} == {"sound.flac", "events.json"}
    assert (folder / "sound.flac").read_bytes() == sound.content
    assert (folder / "sound.flac").stat().st_mode & 0o777 == 0o600


def export(told, *arguments, status):
    target, folder = told.folder / "x.csv", told.folder / "evidence"
    told_to = ["events", "export", str(target), "--with-clips", str(folder), "-c", str(told.config)]
    assert main([*told_to, *arguments]) == status
    return target, folder


def test_a_clip_that_cannot_be_opened_costs_no_other(told, capsys):
    """It is left out, without a folder; the others are copied, and at the end it is said why."""
    for number in (1, 2, 3):
        told.keep(number, a_chirp(length_s=0.5))
    (told.folder / "clips" / an_id(2) / "clip.json").write_text("{]")
    sealed = next((told.folder / "clips" / an_id(1)).glob("sound.flac*"))
    sealed.write_bytes(b"x" * sealed.stat().st_size)
    target, folder = export(told, status=1)
    assert [path.name for path in folder.iterdir()] == [an_id(3)]
    wrote, summary, *reasons = capsys.readouterr().err.splitlines()
    assert wrote == f"{target}: 4 events, 1 clip"
    assert summary == "edged: 2 clips could not be opened, left out:"
    assert reasons[0].startswith(f"  clip {an_id(1)}: sound.flac was changed, or encrypted with another key than ")
    assert reasons[1].startswith(f"  clip {an_id(2)}: its description cannot be read; ")


def test_what_was_copied_before_outlives_the_clip(told):
    """A clip that was damaged since takes nothing from the folder that has it whole."""
    told.keep(1, sound := a_chirp(length_s=0.5))
    _, folder = export(told, status=0)
    sealed = next((told.folder / "clips" / an_id(1)).glob("events.json*"))
    sealed.write_bytes(b"x" * sealed.stat().st_size)
    export(told, status=1)
    assert [path.name for path in folder.iterdir()] == [an_id(1)]
    assert (folder / an_id(1) / "sound.flac").read_bytes() == sound.content
    assert len(list((folder / an_id(1)).iterdir())) == 2


def test_many_reasons_are_told_by_the_first_and_one_of_many_clips_once(told, capsys):
    """A lost key is the reason of all."""
    for number in (1, 2, 3, 4):
        told.keep(number, a_chirp(length_s=0.5))
    key = told.folder / "clips" / "key"
    key.rename(told.folder / "mislaid")
    export(told, status=1)
    _, summary, *reasons = capsys.readouterr().err.splitlines()
    assert summary == "edged: 4 clips could not be opened, left out:"
    assert [reason.partition(":")[0] for reason in reasons] == [f"  key {key}"]
    key.write_text("ab" * 32)
    key.chmod(0o600)
    export(told, status=1)
    assert capsys.readouterr().err.splitlines()[-1] == "  and 1 more"


def test_a_folder_that_cannot_be_written_is_one_line_after_what_was_written(told, capsys):
    """The events' own file is there, and that is said."""
    told.keep(1, a_chirp(length_s=0.5))
    (told.folder / "evidence").write_text("a file")
    target, _ = export(told, status=1)
    wrote, fault = capsys.readouterr().err.splitlines()
    assert wrote == f"{target}: 4 events"
    assert "cannot be written: " in fault
    assert target.exists()
