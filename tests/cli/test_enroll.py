"""`edged enroll`, of an edged that runs (with a camera and an examiner that read what is written in the pictures)."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from edged.cli import main
from edged.enrolment.examine import Reason
from tests.enrolment.box import a_box, picture_of, picture_with, sample, save


@pytest.fixture
def box(tmp_path, monkeypatch):
    """An edged that knows nobody, with a camera before which one person sits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGED_CONTROL__PATH", str(tmp_path / "c.sock"))
    frames = [picture_with(Reason.DARK), *[picture_of(1, look) for look in range(8)]]
    with a_box(tmp_path, frames) as made, made.serving(tmp_path / "c.sock"):
        yield made


def people(box):
    return {person.name: person.samples for person in box.gallery.people()}


def test_one_person_is_taught_from_pictures(box, capsys, tmp_path):
    """Files and folders; what teaches nothing is one line each, and the rest goes on."""
    for look in range(3):
        save(tmp_path / "ana" / f"{look}.png", picture_of(1, look))
    save(tmp_path / "ana" / "dark.png", picture_with(Reason.DARK))
    save(tmp_path / "alone.png", picture_of(1, 9))
    (tmp_path / "ana" / "empty.jpg").touch()
    (tmp_path / "ana" / "loop").symlink_to(tmp_path / "ana")
    assert main(["enroll", "Ana", "ana", "alone.png", "none.png", "--notes", "keys", "--consent", "2026-11-21"]) == 0
    said = capsys.readouterr()
    assert said.out == "Ana: enrolled, 4 samples\n"
    assert sorted(said.err.splitlines()) == [
        "edged: ana/dark.png: poor light",
        "edged: ana/empty.jpg: is empty",
        "edged: ana/loop: leads back to a folder that was looked into already",
        "edged: none.png: cannot be read: No such file or directory",
    ]
    person = box.gallery.find("Ana")
    assert (person.notes, str(person.consent)) == ("keys", "2026-11-21")


def test_many_are_taught_from_a_folder_of_folders(box, capsys, tmp_path):
    """A person a folder; exit status 1 and a line for each who could not be."""
    for who, name in enumerate(["Ana", "Bea"]):
        for look in range(2):
            save(tmp_path / "all" / name / f"{look}.png", picture_of(who, look))
    save(tmp_path / "all" / "Cleo" / "0.png", picture_with(Reason.SPOOF))
    save(tmp_path / "all" / "Twin" / "0.png", picture_of(0, 7))
    assert main(["enroll", "all", "--json"]) == 1
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert people(box) == {"Ana": 2, "Bea": 2}
    assert [one["name"] for one in report["enrolled"]] == ["Ana", "Bea"]
    assert report["refused"] == ["all/Cleo/0.png: looks like a picture of a face"]
    assert report["missed"][0] == "Cleo: no picture to learn from"
    assert 'to "Ana": the same person?' in report["missed"][1]
    assert main(["enroll", "all"]) == 1  # those who are enrolled already stay as they are
    assert people(box) == {"Ana": 2, "Bea": 2}


def test_who_looks_like_somebody_else_is_enrolled_only_when_that_is_meant(box, capsys, tmp_path):
    """Nobody is at the terminal: --yes says so."""
    for look in range(4):
        save(tmp_path / f"{look}.png", picture_of(1, look))
    assert main(["enroll", "Ana", "0.png", "1.png"]) == 0
    assert main(["enroll", "Bea", "2.png", "3.png"]) == 1
    assert 'to "Ana": the same person?' in capsys.readouterr().err
    assert people(box) == {"Ana": 2}
    assert main(["enroll", "Bea", "2.png", "3.png", "--yes"]) == 0
    assert main(["enroll", "Ana", "2.png", "--add", "--yes"]) == 0
    assert people(box) == {"Ana": 3, "Bea": 2}


def test_one_person_is_taught_in_front_of_a_camera(box, capsys):
    """The prompts are told, each when it changes."""
    assert main(["enroll", "Ana", "--from-camera", "camera", "--count", "3"]) == 0
    said = capsys.readouterr()
    assert said.out == "Ana: enrolled, 3 samples\n"
    assert said.err.splitlines() == [
        "0 of 3: too dark or too bright: find better light",
        "1 of 3: turn your head a little to your left",
        "2 of 3: look straight at the camera",
        "3 of 3: thank you",
    ]


def test_a_camera_that_is_none_is_one_line(box, capsys):
    """Nobody is stored."""
    assert main(["enroll", "Ana", "--from-camera", "garden"]) != 0
    assert capsys.readouterr().err == "edged: garden: is no camera in use\n"
    assert people(box) == {}


def test_a_name_that_cannot_be_is_one_line(box, capsys, tmp_path):
    """Control characters, too long, what events say of strangers."""
    save(tmp_path / "0.png", picture_of(1))
    for name in ("A\nna", "x" * 81, " ", "Unknown"):
        assert main(["enroll", name, "0.png"]) == 1
        assert capsys.readouterr().err.count("\n") <= 2
    assert box.looks.asked == []
    assert people(box) == {}


def test_a_folder_without_folders_is_told_how_it_is_meant(box, capsys, tmp_path):
    """The other way to write it."""
    save(tmp_path / "ana" / "0.png", picture_of(1))
    assert main(["enroll", "ana"]) == 1
    assert "`edged enroll NAME DIR` takes one" in capsys.readouterr().err


def test_pixels_are_sent_and_not_paths(box, tmp_path):
    """The daemon need not be able to read the file: it sees what the command read."""
    picture = np.dstack([np.full((8, 8), 9, np.uint8)] * 3)
    picture[0, 0] = 0, 1, 0
    save(tmp_path / "0.png", picture)
    (tmp_path / "0.png").chmod(0o400)
    assert main(["enroll", "Ana", "0.png"]) == 0
    assert box.looks.asked == [("0.png", 1, True)]


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("aNA", [], "edged: Ana: is enrolled already; --add adds to what is known of them"),
        ("Bea", ["--add"], "edged: Bea: person 'Bea': is not in the gallery"),
    ],
)
def test_a_name_that_cannot_be_stored_is_told_before_anybody_poses(box, capsys, name, more, said):
    """The camera is not opened."""
    box.gallery.add("Ana", [sample(1)], by="test")
    assert main(["enroll", name, "--from-camera", "camera", *more]) == 1
    assert capsys.readouterr().err.startswith(said)
    assert box.looks.asked == []


def test_whoever_stops_at_the_question_leaves_nothing_behind(box, tmp_path):
    """Ctrl-C at a terminal: what is said then is on a line of its own; exit 130."""
    save(tmp_path / "0.png", picture_of(1))
    box.gallery.add("Ana", [sample(1)], by="test")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edged", "enroll", "Bea", "0.png"]
    asking = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    said = read_until(ours, b"[y/N] ")
    asking.send_signal(signal.SIGINT)
    said += read_until(ours, b"stored\r\n")
    assert asking.wait(10) == 130
    os.close(ours)
    assert b'to "Ana": the same person?' in said
    assert said.endswith(b"\r\nedged: cancelled; nothing was stored\r\n")
    assert people(box) == {"Ana": 1}


def read_until(terminal, ending, limit_s=40.0):
    said, until_s = b"", time.monotonic() + limit_s
    while not said.endswith(ending):
        assert time.monotonic() < until_s, said
        if select.select([terminal], [], [], 0.1)[0]:
            said += os.read(terminal, 65536)
    return said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--count", "0"],
        ["--count", "five"],
        ["--consent", "yesterday"],
        ["--expires", "2026-13-01"],
        ["--expires", "2020-01-01"],
    ],
)
def test_wrong_usage_is_told(arguments, capsys):
    """Exit status 2."""
    with pytest.raises(SystemExit) as left:
        main(["enroll", "Ana", *arguments])
    assert left.value.code == 2
