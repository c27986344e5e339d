"""`edged check`, and what it prints of the settings."""

import itertools
import json
import re
from pathlib import Path

import pytest
import yaml

from edged.cli import main
from edged.cli.defaults import commented_yaml
from edged.config import load
from edged.settings import Settings, examples, read_settings

ROOT = Path(__file__).parents[2]
EXAMPLES = "|".join(name for there in examples().values() for name in there)


@pytest.fixture(autouse=True)
def defaults(tmp_path, monkeypatch):
    """No configuration file is found here."""
    monkeypatch.chdir(tmp_path)


def test_the_shipped_configuration_is_every_default_with_its_comment():
    """`edged check --defaults > config/edged.yaml` makes it anew."""
    assert (ROOT / "config" / "edged.yaml").read_text() == commented_yaml(Settings, examples())


def test_every_setting_has_a_comment():
    """Also those of sections to come."""
    lines = commented_yaml(Settings, examples()).splitlines()
    described = {"kind", "type", "microphone", "drones"}
    for before, line in itertools.pairwise(lines):
        key = line.strip().partition(":")[0]
        if line.strip() and not line.strip().startswith("#") and key not in described:
            assert before.strip().startswith("#"), line


def test_the_examples_hold_when_their_comment_signs_are_taken_away(tmp_path):
    """A camera and a pipeline of each kind, with every default."""
    text = (ROOT / "config" / "edged.yaml").read_text()
    file = tmp_path / "edged.yaml"
    file.write_text(re.sub(rf"^  # (?=({EXAMPLES}):|  )", "  ", text, flags=re.MULTILINE))
    read = read_settings(file, {})
    assert read.sources["camera"] == examples()["sources"]["camera"]
    assert {name: read.pipelines[name] for name in examples()["pipelines"]} == examples()["pipelines"]


def test_the_commented_defaults_load_to_the_defaults():
    """The file says what the program does without it."""
    assert load(Settings, ROOT / "config" / "edged.yaml", {}) == Settings()


def test_ok_is_ok(capsys):
    """Exit 0."""
    assert main(["check", str(ROOT / "config" / "edged.yaml")]) == 0
    assert capsys.readouterr().out.endswith("edged.yaml: ok\n")


def test_all_faults_at_once_with_exit_78(tmp_path, capsys):
    """Each with its file, line and key."""
    path = tmp_path / "edged.yaml"
    path.write_text("mqtt:\n  prot: 1\n  host: 5\nsources: {m: {type: mic}}\npipelines: {drones: {source: n}}\n")
    assert main(["check", str(path)]) == 78
    out = capsys.readouterr().out
    assert f"{path}:2: mqtt.prot: unknown key; did you mean 'port'?" in out
    assert f"{path}:3: mqtt.host" in out
    assert f"{path}:4: sources.m" in out


def test_a_missing_file_is_a_fault(tmp_path, capsys):
    """With where to find one to begin with."""
    assert main(["check", str(tmp_path / "absent.yaml")]) == 78
    assert "no such file" in capsys.readouterr().out


def test_the_schema_for_editors_describes_every_setting(capsys):
    """JSON Schema from the same declarations."""
    assert main(["check", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert set(schema["properties"]) == set(yaml.safe_load(commented_yaml(Settings, examples())))
    assert schema["$defs"]["SmoothingConfig"]["properties"]["votes"]["description"]
