"""The check of the configuration."""

import json

from edged.checkup.box import look_at
from edged.checkup.configuration import check
from edged.runtime.finding import Level
from tests.checkup.boxes import a_box, levels, the


def looked_at(tmp_path, text, environment=None):
    path = tmp_path / "edged.yaml"
    path.write_text(text)
    return look_at(path, {"STATE_DIRECTORY": str(tmp_path), **(environment or {})})


def test_every_fault_is_a_finding_with_its_line(tmp_path):
    """Instead of an end at the first one."""
    box = looked_at(tmp_path, "mqtt: {prot: 1}\nhealth: {interval_s: never}\n")
    found = list(check(box))
    assert levels(found) == ["mqtt.prot: fault", "health.interval_s: fault"]
    assert "did you mean 'port'" in found[0].found
    assert "line 2" in found[1].found


def test_a_file_that_is_not_there_is_a_finding(tmp_path):
    """Where it was named."""
    box = look_at(tmp_path / "absent.yaml", {})
    assert levels(check(box)) == ["file: fault"]


def test_what_differs_from_the_defaults_is_told(tmp_path):
    """By its keys: values may be private."""
    box = looked_at(tmp_path, "device: barn\nmqtt: {port: 1884}\n")
    found = list(check(box))
    assert {finding.level for finding in found} == {Level.OK}
    assert the(found, "not as by default").found == "device, mqtt.port"


def test_what_counts_beside_the_file_is_told(tmp_path):
    """Variables of whoever asks, and what commands have changed."""
    (tmp_path / "changes.json").write_text(json.dumps({"pipelines.drones.enabled": {}}))
    box = looked_at(tmp_path, "device: barn\n", {"EDGED_MQTT__PORT": "1884"})
    found = list(check(box))
    assert the(found, "environment").level is Level.WARNING
    assert the(found, "changed by command").found == "pipelines.drones.enabled"
    (tmp_path / "changes.json").write_text("{")
    assert the(check(box), "changed by command").level is Level.WARNING
    assert (tmp_path / "changes.json").read_text() == "{"


def test_what_is_hardly_meant_is_a_warning(tmp_path):
    """No pipeline, no broker, debug, a password in clear."""
    off = {"drones": {"enabled": False}}
    box = a_box(tmp_path, pipelines=off, mqtt={"enabled": False}, log={"level": "debug"})
    warnings = [finding.about for finding in check(box) if finding.level is Level.WARNING]
    assert warnings == ["file", "pipelines", "mqtt.enabled", "log.level"]
    clear = {"host": "broker.example.org", "username": "barn"}
    assert the(check(a_box(tmp_path, mqtt=clear)), "mqtt.tls.enabled").level is Level.WARNING
    assert "mqtt.tls.enabled: warning" not in levels(check(a_box(tmp_path, mqtt={**clear, "host": "localhost"})))


def test_the_services_own_folders_are_looked_at_where_its_configuration_is(tmp_path):
    """And not those of whoever asks: only for the installed file."""
    environment = {"HOME": "/home/ana", "XDG_DATA_HOME": ""}
    box = look_at(None, {**environment, "EDGED_CONFIG": "/etc/edged/edged.yaml"})
    assert str(box.state) == "/var/lib/edged"
    assert box.environment["CREDENTIALS_DIRECTORY"] == "/run/credentials/edged.service"
    mine = {**environment, "EDGED_CONFIG": str(tmp_path / "edged.yaml")}
    assert "CREDENTIALS_DIRECTORY" not in look_at(None, mine).environment
