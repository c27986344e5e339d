"""A kind of pipeline that is new needs one file and one line: everything else that edged does takes it as it is."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.messages.wire import rfc3339

ROOT = Path(__file__).parents[2]
EDGED = [sys.executable, "-m", "tests.pipelines.edged_with_thumps"]
RATE_HZ = 16000
THUMPS_S = (0.5, 1.5)


@pytest.fixture
def recording(tmp_path):
    """Two thumps in three quiet seconds."""
    sound = np.zeros(3 * RATE_HZ, np.float32)
    sound[[round(at_s * RATE_HZ) for at_s in THUMPS_S]] = 0.9
    soundfile.write(tmp_path / "door.wav", sound, RATE_HZ, subtype="FLOAT")
    return tmp_path / "door.wav"


@pytest.fixture
def settings(broker, tmp_path, recording):
    rule = {"all": [{"pipeline": "door"}, {"pipeline": "gate", "labels": ["thump"]}]}
    return {
        "device": "box",
        "sources": {"yard": {"type": "recording", "path": str(recording), "loop": True}},
        "pipelines": {
            "door": {"kind": "thumps", "source": "yard"},
            "gate": {"kind": "thumps", "source": "yard", "peak": 0.8},
        },
        "confirmations": {"both": rule},
        "home_assistant": {"enabled": True},
        "commands": {"set": True},
        "control": {"path": str(tmp_path / "control.sock")},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
    }


def environment():
    """With the folder in which each test keeps its own."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def edged(*arguments):
    command = [*EDGED, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=60, env=environment())


def test_it_runs_tells_is_shown_confirmed_and_obeys(tmp_path, settings, listener):
    """Events, what is active, `info`, health, Home Assistant, rules, commands, history: with not a word of it there."""
    config, journal = tmp_path / "edged.json", tmp_path / "journal"
    config.write_text(json.dumps(settings))
    with journal.open("wb") as out:
        box = subprocess.Popen([*EDGED, "run", "-c", config], stdout=out, stderr=subprocess.DEVNULL, env=environment())
    try:
        listener.wait_for(lambda it: it.on("event/door") and it.on("event/gate") and it.on("event/both"))
        listener.wait_for(lambda it: it.on("homeassistant/device/box/config"))
        assert listener.on("/info")[-1]["pipelines"] == {"door": "thumps", "gate": "thumps"}
        assert listener.on("/health")[-1]["parts"]["pipelines.door"]["state"] == "ok"
        shown = listener.on("homeassistant/device/box/config")[-1]["cmps"]["active_door"]
        assert shown["name"] == "Thumps (door)"
        asked = {"transaction": "1", "at": rfc3339(time.time()), "pipeline": "door", "threshold": 0.95}
        listener.publish("edged/box/request/set", asked)
        listener.wait_for(lambda it: it.on("response/set"))
        assert listener.on("response/set")[0]["status"] == "ok"
    finally:
        box.terminate()
        assert box.wait(20) == 0
    assert {json.loads(line)["label"] for line in journal.read_text().splitlines()} == {"thump", "confirmed"}
    listed = json.loads(edged("events", "list", "--json", "-c", config).stdout)
    assert {event["pipeline"] for event in listed} == {"door", "gate", "both"}


def test_it_is_configured_checked_and_replayed_like_any_other(tmp_path, settings, recording):
    """A wrong number is named with what it must be; its settings are among the examples; a file is judged by it."""
    config = tmp_path / "edged.json"
    settings["pipelines"]["door"]["peak"] = 4
    config.write_text(json.dumps(settings))
    faulty = edged("check", config)
    assert (faulty.returncode, "pipelines.door.peak: 4, must be above 0 and at most 1" in faulty.stdout) == (78, True)
    settings["pipelines"]["door"]["peak"] = 0.5
    config.write_text(json.dumps(settings))
    assert "thumps" in edged("check", "--defaults").stdout
    replayed = edged("replay", recording, "-c", config, "--pipeline", "door")
    assert replayed.returncode == 0, replayed.stderr
    assert [json.loads(line)["label"] for line in replayed.stdout.splitlines()] == ["thump"] * len(THUMPS_S)


def test_it_is_small():
    """That there is no more to it."""
    assert len(Path(__file__).with_name("thumps.py").read_text().splitlines()) < 70
