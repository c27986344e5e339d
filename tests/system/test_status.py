"""A running box can be asked how it is, whatever it does; and its people still can, without a pipeline of faces."""

import json

import soundfile

from edged.synthesis import FlyOver, fly_over
from tests.broker import wait_until
from tests.system.programs import Running, edged


def test_a_box_that_only_hears_is_asked(tmp_path):
    """Status says what is on, doctor that it is the installed one, and people are read from the gallery itself."""
    recording, config = tmp_path / "pass.wav", FlyOver(duration_s=6, quiet_s=1.5)
    soundfile.write(recording, fly_over(config), config.rate_hz)
    settings = {
        "device": "barn",
        "sources": {"microphone": {"type": "recording", "path": str(recording), "loop": True}},
        "control": {"path": str(tmp_path / "c.sock")},
        "mqtt": {"enabled": False},
    }
    running = Running(tmp_path, settings)
    try:
        running.wait_until_ready()
        wait_until(lambda: any(event["phase"] == "start" for event in running.journal))
        said = json.loads(edged("status", "--json", "-c", running.config).stdout)
        screen = edged("status", "-c", running.config)
        unit = json.loads(edged("doctor", "--unit", "--json", "-c", running.config).stdout)["unit"]
        people = edged("people", "list", "--json", "-c", running.config)
    finally:
        assert running.stop() == 0
    assert said["pid"] == running.process.pid
    assert [event["label"] for event in said["events"]] == ["drone"]
    assert said["health"]["parts"]["control"]["state"] == "ok"
    assert screen.stdout.startswith("barn is ")
    assert " items/s" in screen.stdout
    assert any("as installed" in finding["found"] for finding in unit)
    assert json.loads(people.stdout) == []
    assert edged("status", "-c", running.config).returncode == 1
