"""The accelerator under the real program: it dies and comes back, models are exchanged, and the broker is told."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
import soundfile
import yaml

from edged.inference.catalogue import shipped_models
from edged.synthesis import FlyOver, fly_over
from tests.inference.edgetpu.stand_in import StandIn, add_twin, copy_model
from tests.system.programs import Running


@pytest.fixture
def stand_in(tmp_path):
    """The device."""
    return StandIn(tmp_path)


@pytest.fixture
def models(tmp_path):
    """A folder of models, with drone_sound and its compiled twin."""
    add_twin(copy_model(shipped_models() / "drone_sound", tmp_path / "models" / "drone_sound"))
    return tmp_path / "models"


@pytest.fixture
def settings(tmp_path, broker, stand_in, models):
    """A box that hears a drone for ever."""
    sound = tmp_path / "drone.wav"
    config = FlyOver(duration_s=20, quiet_s=0.5)
    soundfile.write(sound, fly_over(config), config.rate_hz)
    return {
        "device": "box",
        "sources": {"microphone": {"type": "recording", "path": str(sound), "loop": True}},
        "pipelines": {"drones": {"smoothing": {"update_s": 0.5}}},
        "models": {"path": str(models)},
        "accelerator": {
            "edgetpu": {
                "devices": ["usb:0"],
                "library": str(stand_in.library),
                "options": stand_in.options,
                "locks": str(tmp_path),
            }
        },
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
    }


@pytest.fixture
def run(tmp_path, settings):
    """Start the program; it is stopped at the end whatever happens."""
    started = []

    def start():
        started.append(Running(tmp_path, settings))
        started[-1].wait_until_ready()
        return started[-1]

    yield start
    for running in started:
        running.stop(signal.SIGKILL)


def host_of(running):
    """The host process of a running box."""
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1]) if entry.name.isdigit() else 0
            if parent == running.process.pid and b"edgetpu/host.py" in (entry / "cmdline").read_bytes():
                return int(entry.name)
        except OSError:
            continue
    return None


def availability(listener):
    return listener.on("availability/usb-0")


def shadows(listener):
    parts = [health["parts"].get("models.candidate") for health in listener.on("/health")]
    return [part["counters"] for part in parts if part]


def last_device(listener):
    events = listener.on("event/drones")
    return events[-1]["model"]["device"] if events else None


def test_the_accelerator_is_killed_and_the_box_goes_on(run, listener):
    """Every change is on the broker, with its reason; events say where they were made; none is missing."""
    running = run()
    listener.wait_for(lambda it: availability(it) == ["online"])
    listener.wait_for(lambda it: last_device(it) == "usb:0")
    os.kill(host_of(running), signal.SIGKILL)
    listener.wait_for(lambda it: availability(it) == ["online", "offline", "online"])
    reasons = [reason for health in listener.on("/health") for reason in health["reasons"]]
    assert any("accelerators.usb-0: the host process crashed (SIGKILL)" in reason for reason in reasons)
    seen = len(listener.on("event/drones"))
    listener.wait_for(lambda it: len(it.on("event/drones")) > seen + 1 and last_device(it) == "usb:0")
    assert running.stop() == 0
    listener.wait_for(lambda it: it.on("/state")[-1:] == [{"state": "offline"}])
    events = listener.on("event/drones")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert availability(listener)[-1] == "offline"
    known = [{each["device"]: each["runtime"] for each in info["accelerators"]} for info in listener.on("/info")]
    assert {"usb:0": "ai_edge_litert", "cpu": "ai_edge_litert"} in known
    assert known[-1]["usb:0"] is None


def test_a_box_that_is_killed_takes_its_host_process_along(run, listener):
    """Else the next start would find the device taken."""
    running = run()
    listener.wait_for(lambda it: availability(it) == ["online"])
    pid = host_of(running)
    running.stop(signal.SIGKILL)
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_hung_accelerator_means_the_cpu_and_a_reason(run, listener, stand_in):
    """And the Edge TPU again when it works."""
    run()
    listener.wait_for(lambda it: last_device(it) == "usb:0")
    stand_in.fault(invoke="hang")
    listener.wait_for(lambda it: availability(it)[-1] == "offline")
    listener.wait_for(lambda it: any("hangs in drone_sound" in r for r in it.on("/health")[-1]["reasons"]))
    listener.wait_for(lambda it: last_device(it) == "cpu")
    stand_in.heal()
    listener.wait_for(lambda it: availability(it)[-1] == "online" and last_device(it) == "usb:0")


def test_a_changed_model_is_taken_up_at_a_hangup_while_the_event_goes_on(run, listener, models):
    """The event that is on keeps its id; its next update names the new model's file."""
    running = run()
    listener.wait_for(lambda it: last_device(it) == "usb:0")
    old = listener.on("event/drones")[-1]
    new = copy_model(models / "drone_sound", models / "newer")
    card = yaml.safe_load((new / "card.yaml").read_text())
    content = (new / card["files"]["edgetpu"]["path"]).read_bytes()
    del card["files"]["edgetpu"]
    (new / "card.yaml").write_text(yaml.safe_dump(card | {"version": "2.0.0"}))
    add_twin(new, content + b"\0" * 16)  # the same model in another file
    shutil.move(models / "drone_sound", models.parent / "old")
    shutil.move(new, models / "drone_sound")
    running.process.send_signal(signal.SIGHUP)
    sha256 = yaml.safe_load((models / "drone_sound" / "card.yaml").read_text())["files"]["edgetpu"]["sha256"]
    listener.wait_for(lambda it: it.on("event/drones")[-1]["model"]["sha256"] == sha256)
    events = listener.on("event/drones")
    first = next(event for event in events if event["model"]["sha256"] == sha256)
    before = events[events.index(first) - 1]
    assert before["id"] == first["id"] or before["phase"] == "end"
    assert old["model"]["sha256"] != sha256
    listener.wait_for(lambda it: it.on("/info")[-1]["models"][0]["sha256"] == sha256)
    assert availability(listener) == ["online"]


def test_a_broken_new_model_is_refused_and_the_old_one_goes_on(run, listener, models):
    """Health names what was refused and why."""
    running = run()
    listener.wait_for(lambda it: last_device(it) == "usb:0")
    (models / "drone_sound" / "drone_sound.tflite").write_bytes(b"half a model")
    running.process.send_signal(signal.SIGHUP)
    listener.wait_for(lambda it: any("drone_sound is refused" in r for r in it.on("/health")[-1]["reasons"]))
    seen = len(listener.on("event/drones"))
    listener.wait_for(lambda it: len(it.on("event/drones")) > seen)


def test_a_shadow_tells_in_health_how_far_it_agrees(run, listener, settings, models):
    """And publishes nothing of its own."""
    copy_model(models / "drone_sound", models / "candidate", "candidate")
    settings["pipelines"]["drones"]["shadow"] = "candidate"
    settings["health"] = {"interval_s": 1}
    run()
    listener.wait_for(lambda it: any(figures.get("windows", 0) > 5 for figures in shadows(it)))
    assert shadows(listener)[-1]["agreement"] == 1
    assert {event["model"]["name"] for event in listener.on("event/drones")} <= {"drone_sound"}
