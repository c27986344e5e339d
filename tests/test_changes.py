"""Changes: what was changed by command outlasts a restart, and an edit of the configuration outdoes it."""

import json
from pathlib import Path

import pytest

from edged.changes import Changes
from edged.errors import ConfigError
from edged.settings import Settings

THRESHOLD = "pipelines.drones.smoothing.threshold"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "changes.json"


def edited(**drones: object) -> Settings:
    """A configuration as a person wrote it."""
    return Settings.model_validate({"pipelines": {"drones": drones}})


def test_a_change_outlasts_a_restart(path):
    """The next process lays the same over the same configuration."""
    file = edited()
    Changes(path).set(file, {THRESHOLD: 0.6, "pipelines.drones.enabled": False}, "MQTT, transaction 1")
    again = Changes(path)
    drones = again.lay_over(file).pipelines["drones"]
    assert (drones.smoothing.threshold, drones.enabled) == (0.6, False)
    assert again.values == {THRESHOLD: 0.6, "pipelines.drones.enabled": False}
    assert json.loads(path.read_text())[THRESHOLD]["by"] == "MQTT, transaction 1"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({THRESHOLD: 1.5}, "less than or equal to 1"),
        ({THRESHOLD: 0.1}, "must not be above threshold"),
        ({"pipelines.drones.nothing": 1}, "there is no such setting"),
        ({"pipelines.birds.enabled": False}, "there is no such setting"),
    ],
)
def test_a_value_that_does_not_fit_changes_nothing(path, values, why):
    """It is refused before anything is written."""
    changes, file = Changes(path), edited()
    with pytest.raises(ConfigError, match=why):
        changes.set(file, values, "test")
    assert changes.lay_over(file) == file
    assert not path.exists()


def test_what_is_undone_is_as_if_it_had_never_been(path):
    """Also on disk; an earlier change of the same key stays."""
    changes, file = Changes(path), edited()
    changes.set(file, {THRESHOLD: 0.6}, "test")
    undo = changes.set(changes.lay_over(file), {THRESHOLD: 0.8}, "test")
    undo()
    assert Changes(path).lay_over(file).pipelines["drones"].smoothing.threshold == 0.6


def test_a_later_edit_of_the_configuration_counts(path):
    """The change is forgotten, so that it does not come back either; others stay."""
    changes = Changes(path)
    changes.set(edited(), {THRESHOLD: 0.6, "pipelines.drones.enabled": False}, "test")
    newer = edited(smoothing={"threshold": 0.9})
    drones = changes.lay_over(newer).pipelines["drones"]
    assert (drones.smoothing.threshold, drones.enabled) == (0.9, False)
    assert Changes(path).values == {"pipelines.drones.enabled": False}


def test_a_change_of_something_that_is_gone_is_forgotten(path):
    """The pipeline has left the configuration; the box starts all the same."""
    changes = Changes(path)
    changes.set(edited(), {THRESHOLD: 0.6}, "test")
    empty = Settings.model_validate({"pipelines": {}})
    assert changes.lay_over(empty) == empty
    assert changes.values == {}


def test_one_can_go_back_to_the_value_before(path):
    """And back again, as often as one likes: what was there before is remembered each time."""
    changes, file = Changes(path), edited()
    with pytest.raises(ConfigError, match="nothing to go back to"):
        changes.earlier(THRESHOLD)
    changes.set(file, {THRESHOLD: 0.6}, "test")
    assert changes.earlier(THRESHOLD) == 0.7
    changes.set(changes.lay_over(file), {THRESHOLD: 0.7}, "test")
    assert changes.earlier(THRESHOLD) == 0.6


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"\xff", b'{"a": {"value": 1}}'])
def test_a_damaged_file_is_set_aside(path, content):
    """The configuration counts alone, and what was there can be looked at."""
    path.parent.mkdir()
    path.write_bytes(content)
    changes = Changes(path)
    assert changes.values == {}
    assert [it.read_bytes() for it in path.parent.glob("changes.damaged-*")] == [content]
    changes.set(edited(), {THRESHOLD: 0.6}, "test")
    assert Changes(path).values == {THRESHOLD: 0.6}


def test_where_it_cannot_be_kept_nothing_changes(tmp_path):
    """The asker gets the error of the disk."""
    (tmp_path / "file").write_text("")
    changes, file = Changes(tmp_path / "file" / "changes.json"), edited()
    with pytest.raises(OSError, match="file"):
        changes.set(file, {THRESHOLD: 0.6}, "test")
    assert changes.lay_over(file) == file


def test_there_is_an_end_to_how_much_can_be_changed(path):
    """The file does not grow without a limit: the same keys again are no new ones."""
    changes, file = Changes(path, most=1), edited()
    for value in (0.6, 0.65, 0.7) * 10:
        changes.set(file, {THRESHOLD: value}, "test")
    with pytest.raises(ConfigError, match="at most 1"):
        changes.set(file, {"pipelines.drones.enabled": False}, "test")
    assert len(json.loads(path.read_text())[THRESHOLD]["earlier"]) == 10
