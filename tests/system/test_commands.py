"""Commands over MQTT at the real program: asked on a real broker, carried out, answered, and kept over a restart."""

import base64
import itertools
import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import soundfile

from edged.synthesis import FlyOver, fly_over
from tests.broker import Broker, Listener, wait_until
from tests.system.programs import Running
from tests.wire_contract import Recorder

COMMANDS = dict.fromkeys(("restart", "set", "models", "people", "clip", "feedback", "diagnose"), True)
numbers = itertools.count(1)


class Operator:
    """Somebody with a client, who waits for each answer."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener

    def ask(self, command: str, **fields: object) -> dict:
        transaction = f"t{next(numbers)}"
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.listener.publish(f"edged/box/request/{command}", {"transaction": transaction, "at": at, **fields})
        found: list[dict] = []

        def answered(it: Listener) -> bool:
            found[:] = [one for one in it.on(f"/response/{command}") if one["transaction"] == transaction]
            return bool(found)

        self.listener.wait_for(answered, 30)
        return found[0]

    def done(self, command: str, **fields: object) -> dict:
        answer = self.ask(command, **fields)
        assert answer["status"] == "ok", answer
        return answer["data"]

    def refused(self, command: str, **fields: object) -> str:
        answer = self.ask(command, **fields)
        assert (answer["status"], answer["data"]) == ("error", None)
        return answer["error"]

    def info(self) -> dict:
        return self.listener.on("/info")[-1]


@pytest.fixture(scope="module")
def box(tmp_path_factory) -> Iterator[tuple[Running, Listener]]:
    """A box that hears the same drone pass again and again; in the end all that went over the wire is looked at."""
    folder = tmp_path_factory.mktemp("commands")
    config = FlyOver(duration_s=14, quiet_s=4)
    soundfile.write(folder / "pass.wav", fly_over(config), config.rate_hz)
    broker = Broker(folder)
    broker.start()
    listener, recorder = Listener(broker.port), Recorder(broker.port)
    settings = {
        "device": "box",
        "sources": {"microphone": {"type": "recording", "path": str(folder / "pass.wav"), "loop": True}},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
        "commands": {**COMMANDS, "per_minute": 600, "burst": 100},
        "clips": {"enabled": True, "min_free_bytes": 0, "encrypt_sound": False},
    }
    running = Running(folder, settings, {"STATE_DIRECTORY": str(folder / "state")})
    listener.wait_for(lambda it: it.on("/info"), 20)
    yield running, listener
    running.stop(signal.SIGTERM)
    listener.close()
    recorder.close()
    broker.stop()
    assert recorder.check_all("edged/box/") >= {"info", "health", "event", "active", "request", "response"}


@pytest.fixture
def operator(box) -> Operator:
    return Operator(box[1])


def test_the_box_says_that_it_is_there_and_how_it_is(operator):
    """These two are allowed on every box."""
    assert operator.done("ping")["version"]
    assert {"sources.microphone", "pipelines.drones", "commands"} <= set(operator.done("health")["parts"])


def test_a_pipeline_is_switched_off_and_on_again(operator):
    """Its events end, its source is closed, `info` shows it; nothing else stops."""
    operator.done("set", pipeline="drones", enabled=False)
    wait_until(lambda: operator.info()["pipelines_enabled"] == {"drones": False})
    assert operator.info()["changes"]["pipelines.drones.enabled"] is False
    operator.listener.wait_for(lambda it: it.on("/active/drones")[-1]["active"] is False)
    wait_until(lambda: operator.listener.on("/availability/microphone")[-1] == "offline")
    operator.done("set", pipeline="drones", enabled=True)
    wait_until(lambda: operator.info()["pipelines_enabled"] == {"drones": True})
    heard = len(operator.listener.on("event/drones"))
    operator.listener.wait_for(lambda it: len(it.on("event/drones")) > heard, 40)


def test_a_threshold_is_set_within_what_fits(operator):
    """What does not fit is refused in words that name the key, and nothing has changed."""
    operator.done("set", pipeline="drones", threshold=0.8)
    assert "release" in operator.refused("set", pipeline="drones", threshold=0.1)
    assert "there are: drones" in operator.refused("set", pipeline="birds", threshold=0.5)
    wait_until(lambda: operator.info()["changes"].get("pipelines.drones.smoothing.threshold") == 0.8)
    operator.done("set", pipeline="drones", threshold=0.7)


def test_a_pipeline_is_quiet_for_a_time(operator):
    """No event comes until then; null ends it at once."""
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    operator.done("set", pipeline="drones", quiet_until=until)
    held = "held_quiet"
    wait_until(lambda: operator.done("health")["parts"]["pipelines.drones"]["counters"].get(held, 0) > 0, 40)
    operator.listener.wait_for(lambda it: it.on("/active/drones")[-1]["active"] is False)
    operator.done("set", pipeline="drones", quiet_until=None)
    heard = len(operator.listener.on("event/drones"))
    operator.listener.wait_for(lambda it: len(it.on("event/drones")) > heard, 40)


def test_models_are_listed_and_a_wrong_one_is_refused(operator):
    """The one in use goes on, and the wish for the other is forgotten."""
    models = operator.done("models", action="list")["models"]
    assert next(model["in_use_on"] for model in models if model["name"] == "drone_sound") == "cpu"
    assert "face" in operator.refused("models", action="use", pipeline="drones", model="face_nothing")
    assert "pipelines.drones.model" not in operator.info()["changes"]
    assert "nothing to go back to" in operator.refused("models", action="roll_back", pipeline="drones")


def test_the_evidence_of_an_event_is_fetched_and_judged(operator):
    """Sound from before its start, piece by piece, and what a person says of it stays with it."""
    operator.listener.wait_for(lambda it: any(e["phase"] == "end" for e in it.on("event/drones")), 40)
    event = next(e["id"] for e in operator.listener.on("event/drones") if e["phase"] == "end")
    answer: dict = {}
    for _ in range(40):
        answer = operator.ask("clip", event=event)
        if answer["status"] == "ok":
            break
        time.sleep(0.25)
    sound = next(file for file in answer["data"]["files"] if file["name"].endswith(".flac"))
    content = b""
    while len(content) < sound["bytes"]:
        piece = operator.done("clip", event=event, file=sound["name"], offset=len(content))
        content += base64.b64decode(piece["base64"])
    assert content[:4] == b"fLaC"
    operator.done("feedback", event=event, verdict="false_alarm", label="mower")
    names = {file["name"] for file in operator.done("clip", event=event)["files"]}
    assert "feedback.json" in names
    assert "no evidence of it is kept" in operator.refused("feedback", event="0" * 26, verdict="correct")


def test_nobody_is_known_where_no_faces_are_looked_for(operator):
    """And the answer says so."""
    assert "no pipeline of faces" in operator.refused("people", action="list")


def test_a_maintainer_gets_what_is_needed_from_afar(operator):
    """Versions, health, threads, memory and the last warnings."""
    told = operator.done("diagnose")
    assert told["health"]["parts"]
    assert told["resident_bytes"] > 10e6
    assert "pipeline-drones" in told["threads"]


def test_a_pipeline_and_the_whole_box_are_restarted(operator, box):
    """The same process begins anew, with what was changed by command."""
    running, listener = box
    operator.done("set", pipeline="drones", threshold=0.75)
    operator.done("restart", part="drones")
    assert operator.done("health")["parts"]["pipelines.drones"]["state"] == "ok"
    before = len(listener.on("/state"))
    operator.done("restart", part="daemon")
    listener.wait_for(lambda it: [one["state"] for one in it.on("/state")[before:]] == ["offline", "online"], 30)
    assert running.process.poll() is None
    assert operator.done("health")["uptime_s"] < 30
    assert operator.info()["changes"]["pipelines.drones.smoothing.threshold"] == 0.75


def test_what_is_asked_twice_or_long_ago_is_not_done(operator):
    """The error says why; the box's own time is in it, so that a wrong clock can be mended."""
    old = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert "at" in operator.refused("restart", part="daemon", at=old)
    answer = operator.done("restart", part="drones")
    assert answer == {"restarted": "drones"}
    said = len(operator.listener.on("/response/restart"))
    last = f"t{next(numbers) - 1}"
    request = {"transaction": last, "at": datetime.now(UTC).isoformat(), "part": "drones"}
    operator.listener.publish("edged/box/request/restart", request)
    operator.listener.wait_for(lambda it: len(it.on("/response/restart")) > said)
    assert operator.listener.on("/response/restart")[-1]["status"] == "error"
    assert json.dumps(operator.listener.on("/response/restart")[-1]).count(last)
