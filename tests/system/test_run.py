"""`edged run`, the real program: sound in, events on a real broker and in the journal out."""

import json
import signal
import time

import pytest
import soundfile

from edged.synthesis import FlyOver, fly_over
from tests.broker import Broker, Listener
from tests.system.programs import Running, edged


@pytest.fixture(scope="module")
def pass_by(tmp_path_factory):
    """Four seconds of wind, eight of drone, four of wind."""
    path = tmp_path_factory.mktemp("sound") / "pass.wav"
    config = FlyOver(duration_s=16, quiet_s=4)
    soundfile.write(path, fly_over(config), config.rate_hz)
    return path


def settings(port, recording, **more):
    return {
        "device": "box",
        "sources": {"microphone": {"type": "recording", "path": str(recording), **more}},
        "mqtt": {"host": "127.0.0.1", "port": port},
    }


@pytest.fixture
def run(tmp_path):
    """Start the program; it is stopped at the end whatever happens."""
    started = []

    def start(config, env=None):
        started.append(Running(tmp_path, config, env))
        return started[-1]

    yield start
    for running in started:
        running.stop(signal.SIGKILL)


def test_a_fly_over_becomes_start_and_end_on_the_broker_and_in_the_journal(run, broker, listener, pass_by):
    """The main job, in real time; the program ends with its recording, and everything it said is in order."""
    running = run(settings(broker.port, pass_by))
    assert running.process.wait(40) == 0
    running.stop()
    listener.wait_for(lambda it: it.on("/state")[-1:] == [{"state": "offline"}])
    events = listener.on("event/drones")
    assert [event["phase"] for event in events if event["phase"] != "update"] == ["start", "end"]
    assert {event["label"] for event in events} == {"drone"}
    assert len({event["id"] for event in events}) == 1
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events == running.journal
    start = events[0]
    assert {"f0_hz", "harmonics", "snr_db", "distance", "windows"} <= set(start["evidence"])
    assert {"filter_harmonics", "compute_log_mel", "classify_sound", "total"} <= set(start["latency_ms"])
    assert start["model"]["name"] == "drone_sound"
    assert listener.on("active/drones")[0]["active"] is False
    assert listener.on("active/drones")[-1]["active"] is False
    assert any(state["active"] for state in listener.on("active/drones"))
    info = listener.on("/info")[0]
    assert info["models"][0]["sha256"] == start["model"]["sha256"]
    assert info["sources"] == {"microphone": "recording"}
    health = listener.on("/health")
    assert any(state["state"] == "ok" for state in health)
    assert health[-1]["outbox_waiting"] == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_event_that_is_on_and_says_offline_within_5_s(run, broker, listener, pass_by, how):
    """Whoever watches sees `end`, an empty `active` and `offline`, and the exit status is 0."""
    running = run(settings(broker.port, pass_by, loop=True))
    listener.wait_for(lambda it: it.on("event/drones"), 30)
    began = time.monotonic()
    assert running.stop(how) == 0
    assert time.monotonic() - began < 5
    listener.wait_for(lambda it: it.on("/state")[-1:] == [{"state": "offline"}])
    assert listener.on("event/drones")[-1]["phase"] == "end"
    assert listener.on("active/drones")[-1]["active"] is False


def test_killed_without_a_word_the_broker_says_offline_and_the_next_start_ends_what_was_on(
    run, broker, listener, pass_by
):
    """The last will; and nobody waits for ever for the end of an event."""
    running = run(settings(broker.port, pass_by, loop=True))
    listener.wait_for(lambda it: it.on("event/drones"), 30)
    running.stop(signal.SIGKILL)
    listener.wait_for(lambda it: it.on("/state")[-1:] == [{"state": "offline"}])
    start = listener.on("event/drones")[0]
    again = run(settings(broker.port, pass_by))
    listener.wait_for(lambda it: it.on("event/drones")[-1]["phase"] == "end")
    end = listener.on("event/drones")[-1]
    assert (end["id"], end["cut_short"], end["delayed"]) == (start["id"], True, False)
    assert end["ended_at"] >= start["observed_at"]
    assert end in again.journal


def test_without_a_broker_the_box_hears_all_the_same(run, tmp_path, pass_by):
    """The journal has the events; the broker that comes later gets them too."""
    broker = Broker(tmp_path)
    running = run(settings(broker.port, pass_by, loop=True))
    until = time.monotonic() + 30
    while not running.journal and time.monotonic() < until:
        time.sleep(0.1)
    broker.start()
    listener = Listener(broker.port)
    listener.wait_for(lambda it: it.on("event/drones"), 30)
    first = listener.on("event/drones")[0]
    told = next(one for one in running.journal if one["seq"] == first["seq"])  # others may have come before we listened
    assert first == told | {name: first[name] for name in ("delayed", "clock")}
    listener.close()
    broker.stop()


def test_a_missing_recording_is_failing_health_and_not_a_crash(run, broker, listener, tmp_path):
    """The source says why, and the program ends with status 1 since nothing else is left to hear."""
    running = run(settings(broker.port, tmp_path / "absent.wav"))
    assert running.process.wait(20) == 1
    listener.wait_for(lambda it: it.on("/state")[-1:] == [{"state": "offline"}])
    assert "no such file" in str(listener.on("/health")[-1]["reasons"])
    assert listener.on("availability/microphone")[-1] == "offline"


def test_an_absent_microphone_is_said_and_the_box_stays(run, broker, listener):
    """Every second the health would say so; SIGTERM still stops cleanly."""
    config = settings(broker.port, "x")
    config["sources"] = {"microphone": {"type": "microphone", "device": "no such device"}}
    running = run(config)
    listener.wait_for(lambda it: any("no such device" in str(health["reasons"]) for health in it.on("/health")))
    assert listener.on("/health")[-1]["state"] == "failing"
    assert listener.on("availability/microphone")[-1] == "offline"
    assert running.stop() == 0


def test_two_pipelines_listen_to_one_source(run, broker, listener, pass_by):
    """Each has its own topics; the source is read once."""
    config = settings(broker.port, pass_by) | {"pipelines": {"drones": {}, "sensitive": {"smoothing": {"votes": 2}}}}
    assert run(config).process.wait(40) == 0
    listener.wait_for(lambda it: it.on("event/drones") and it.on("event/sensitive"))
    info = listener.on("/info")[0]
    assert info["pipelines"] == {"drones": "drones", "sensitive": "drones"}


def test_a_faulty_configuration_ends_with_78_and_every_fault(tmp_path):
    """Systemd must not restart it."""
    config = tmp_path / "edged.yaml"
    config.write_text("mqtt: {prot: 1883}\npipelines: {drones: {smoothing: {threshold: 1.4}}}\n")
    done = edged("run", "-c", config)
    assert done.returncode == 78
    assert "mqtt.prot" in done.stderr
    assert "threshold: 1.4" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_that_does_not_fit_the_pipeline_is_a_fault_of_the_configuration(tmp_path):
    """Window length and labels are held against the model's card."""
    config = tmp_path / "edged.yaml"
    config.write_text(json.dumps({"mqtt": {"enabled": False}, "pipelines": {"drones": {"windows": {"window_s": 2.0}}}}))
    done = edged("run", "-c", config)
    assert done.returncode == 78
    assert "pipelines.drones.windows.window_s: 2.0, must be 1.0" in done.stderr
