"""`edged doctor`: what it prints, its exit status, and that it only reads."""

import json
import os
import re
import subprocess
import sys
from contextlib import closing

import pytest

from edged.checkup.table import CHECKS
from edged.cli import main
from edged.outbox import Outbox
from tests.checkup.boxes import everything
from tests.events import an_event
from tests.gallery.faces import open_gallery, samples

NOBODY = 65534


@pytest.fixture(autouse=True)
def defaults(tmp_path, monkeypatch):
    """No configuration file is found here."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def faulty(tmp_path):
    """A configuration that names a libedgetpu which is not there."""
    path = tmp_path / "faulty.yaml"
    path.write_text(f"accelerator: {{edgetpu: {{library: {tmp_path}/absent.so}}}}\n")
    return str(path)


def test_each_finding_is_a_line_with_its_remedy_below(faulty, capsys):
    """Aligned, without colour where it is no terminal; a fault is exit 1."""
    assert main(["doctor", "--accelerator", "-c", faulty]) == 1
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading == "accelerator"
    fault = next(number for number, line in enumerate(lines) if line.startswith("  fault  "))
    column = lines[fault].index("/")
    assert re.match(r"  fault    libedgetpu +/.*absent\.so: cannot open", lines[fault])
    assert lines[fault + 1] == " " * column + "mend accelerator.edgetpu.library"
    assert {line[column - 1] for line in lines} == {" "}
    assert "" not in {line[column:].strip() for line in lines}


def test_all_checks_are_made_when_none_is_named(faulty, capsys):
    """As JSON: the findings of each check, none of which broke."""
    assert main(["doctor", "--json", "-c", faulty]) == 1
    found = json.loads(capsys.readouterr().out)
    assert list(found) == list(CHECKS)
    findings = [finding for several in found.values() for finding in several]
    assert {frozenset(finding) for finding in findings} == {frozenset(("level", "about", "found", "remedy"))}
    assert "fault" in {finding["level"] for finding in found["accelerator"]}
    assert [finding for finding in findings if "the check broke" in finding["found"]] == []


@pytest.mark.parametrize("checks", [[], ["--clock"]])
def test_a_faulty_configuration_is_told_and_what_does_not_need_one_is_checked(tmp_path, capsys, checks):
    """Exit 78, as everywhere."""
    (tmp_path / "odd.yaml").write_text("mqtt: {prot: 1}\n")
    assert main(["doctor", *checks, "-c", str(tmp_path / "odd.yaml")]) == 78
    shown = capsys.readouterr().out
    assert re.search(r"  fault +mqtt\.prot +unknown key; did you mean 'port'\?", shown)
    assert re.search(r"  (ok|warning) +clock ", shown)
    assert main(["doctor", "--clock", "-c", str(tmp_path / "absent.yaml")]) == 78
    assert "no such file" in capsys.readouterr().out


def test_a_warning_is_no_fault(tmp_path, capsys):
    """Exit 0."""
    (tmp_path / "edged.yaml").write_text("mqtt: {enabled: false}\n")
    assert main(["doctor", "--configuration"]) == 0
    assert "warning" in capsys.readouterr().out


def a_box(tmp_path):
    """With people, messages, a secret and a configuration."""
    state = tmp_path / "state"
    with closing(open_gallery(state / "faces")) as gallery:
        gallery.add("Ana", samples(2), by="test")
        gallery.backup()
    (state / "changes.json").write_text("{}")
    (tmp_path / "secret").write_text("hunter2")
    (tmp_path / "secret").chmod(0o600)
    settings = {
        "mqtt": {"port": 1, "username": "barn", "password_file": str(tmp_path / "secret")},
        "sources": {"microphone": {"type": "recording", "path": str(tmp_path / "none.wav")}},
        "control": {"path": str(tmp_path / "c.sock")},
    }
    (tmp_path / "edged.yaml").write_text(json.dumps(settings))
    return state


def doctor(tmp_path, **options):
    """The real program, all its checks."""
    command = [sys.executable, "-m", "edged", "doctor", "--json", "-c", str(tmp_path / "edged.yaml")]
    environment = {**os.environ, "STATE_DIRECTORY": str(tmp_path / "state"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60, env=environment, **options)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def test_nothing_of_a_running_box_is_changed(tmp_path):
    """No file, no mode and no time, of what it keeps and of what it is configured by."""
    state = a_box(tmp_path)
    with closing(open_gallery(state / "faces")), closing(Outbox(state / "outbox.sqlite3")) as outbox:
        outbox(an_event())
        before = everything(tmp_path)
        status, found = doctor(tmp_path)
        assert everything(tmp_path) == before
    assert status == 1
    assert {finding["level"] for finding in found["databases"]} == {"ok"}
    assert "hunter2" not in json.dumps(found)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_is_told_what_they_may_not_see(tmp_path):
    """As warnings: whether the box is well there is not known; nothing breaks."""
    nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
    if subprocess.run([sys.executable, "-c", "import edged"], capture_output=True, check=False, **nobody).returncode:
        pytest.skip("other users may not read this checkout")
    state = a_box(tmp_path)
    state.chmod(0o700)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    (tmp_path / "edged.yaml").chmod(0o644)
    _, found = doctor(tmp_path, **nobody)
    findings = [finding for several in found.values() for finding in several]
    assert [finding for finding in findings if "the check broke" in finding["found"]] == []
    hidden = {finding["about"] for finding in findings if finding["remedy"] == "sudo edged doctor"}
    assert {"gallery", "outbox", "gallery.key_file"} <= hidden
    assert {finding["level"] for finding in findings if finding["about"] in hidden} == {"warning"}
