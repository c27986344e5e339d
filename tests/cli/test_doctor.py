"""`edged doctor`: what it prints, and its exit status."""

import json
import re

import pytest

from edged.cli import main


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
    """As JSON: the findings of each check."""
    assert main(["doctor", "--json", "-c", faulty]) == 1
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"accelerator"}
    assert {frozenset(finding) for finding in found["accelerator"]} == {
        frozenset(("level", "about", "found", "remedy"))
    }
    assert "fault" in {finding["level"] for finding in found["accelerator"]}


def test_a_faulty_configuration_is_told_as_everywhere(tmp_path, capsys):
    """Exit 78."""
    assert main(["doctor", "-c", str(tmp_path / "absent.yaml")]) == 78
    assert "no such file" in capsys.readouterr().err
