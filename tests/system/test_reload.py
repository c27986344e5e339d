"""`kill -HUP`: what is changed in the configuration is taken up by the running program, and the rest goes on."""

import json
import re
import signal
import urllib.request

import pytest
import soundfile

from edged.settings import Settings
from edged.synthesis import FlyOver, fly_over
from tests.broker import Broker, Listener, free_port, wait_until
from tests.system.programs import Running


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Eight seconds of wind, and as many with a drone in them."""
    config = FlyOver(duration_s=8, quiet_s=1.5)
    sound = fly_over(config)
    wind = sound[: config.rate_hz]
    folder = tmp_path_factory.mktemp("recordings")
    paths = {"wind": folder / "wind.wav", "drone": folder / "drone.wav"}
    soundfile.write(paths["drone"], sound, config.rate_hz)
    soundfile.write(paths["wind"], [*wind, *wind[::-1]], config.rate_hz)
    return paths


class Box:
    """The program, with a configuration that can be changed."""

    def __init__(self, folder, settings):
        self.settings = settings
        self.running = Running(folder, settings)
        self.running.wait_until_ready()

    def change(self, **sections):
        self.settings |= sections
        self.running.config.write_text(json.dumps(self.settings))
        self.running.process.send_signal(signal.SIGHUP)

    def write(self, text):
        self.running.config.write_text(text)
        self.running.process.send_signal(signal.SIGHUP)


@pytest.fixture
def box(tmp_path, broker, recordings):
    """Two microphones with wind, and a pipeline on each."""

    def microphone(name):
        return {"type": "recording", "path": str(recordings[name]), "loop": True}

    settings = {
        "device": "box",
        "sources": {"front": microphone("wind"), "back": microphone("wind")},
        "pipelines": {"drones": {"source": "front"}, "others": {"source": "back"}},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
        "health": {"interval_s": 1},
    }
    box = Box(tmp_path, settings)
    box.microphone = microphone
    yield box
    box.running.stop(signal.SIGKILL)


def since(listener, part):
    return listener.on("/health")[-1]["parts"][part]["since"]


def test_another_recording_at_a_source_is_heard_and_the_other_source_goes_on(box, listener):
    """Its pipeline begins anew; the other one has been as it is since the start."""
    listener.wait_for(lambda it: it.on("/health") and it.on("/health")[-1]["state"] == "ok")
    before = since(listener, "sources.back"), since(listener, "pipelines.others")
    box.change(sources=box.settings["sources"] | {"front": box.microphone("drone")}, site="gate")
    listener.wait_for(lambda it: it.on("event/drones"), 30)
    assert (since(listener, "sources.back"), since(listener, "pipelines.others")) == before
    assert since(listener, "sources.front") > before[0]
    assert listener.on("/info")[-1]["site"] == "gate"
    assert listener.on("/health")[-1]["parts"]["settings"]["state"] == "ok"


def test_a_source_can_be_taken_away_and_another_added(box, listener):
    """With their pipelines: topics and health know only what is there."""
    sources = {"back": box.settings["sources"]["back"], "mast": box.microphone("drone")}
    box.change(sources=sources, pipelines={"others": {"source": "back"}, "high": {"source": "mast"}})
    listener.wait_for(lambda it: it.on("event/high"), 30)
    listener.wait_for(lambda it: "sources.front" not in it.on("/health")[-1]["parts"])
    assert listener.on("availability/front")[-1] == ""
    assert listener.on("availability/mast")[-1] == "online"
    assert listener.on("/info")[-1]["sources"] == {"back": "recording", "mast": "recording"}
    assert listener.on("/info")[-1]["pipelines"] == {"others": "drones", "high": "drones"}


def test_the_box_moves_to_another_broker_with_all_that_waits(box, listener, tmp_path):
    """The old one is told `offline`; on the new one no number is missing."""
    (tmp_path / "other").mkdir()
    other = Broker(tmp_path / "other")
    other.start()
    there = Listener(other.port)
    box.change(sources=box.settings["sources"] | {"front": box.microphone("drone")})
    listener.wait_for(lambda it: it.on("event/drones"), 30)
    box.change(mqtt={"host": "127.0.0.1", "port": other.port})
    listener.wait_for(lambda it: it.on("/state")[-1] == {"state": "offline"})
    there.wait_for(lambda it: it.on("/state") == [{"state": "online"}] and it.on("/info"))
    there.wait_for(lambda it: [one["phase"] for one in it.on("event/drones")].count("end") > 1, 40)
    seqs = {one["seq"] for it in (listener, there) for one in it.on("event/drones")}
    assert seqs == set(range(1, max(seqs) + 1))
    assert box.running.stop() == 0
    there.wait_for(lambda it: it.on("/state")[-1] == {"state": "offline"})
    there.close()
    other.stop()


def test_metrics_are_switched_on_turns_given_otherwise_and_the_log_off_and_on_again(box):
    """Without a pause."""
    port = free_port()
    turns = {"turns": {"weights": {"front": 2}, "sound_s": 3}}
    box.change(metrics={"prometheus": {"enabled": True, "port": port}}, log={"level": "error"}, accelerator=turns)

    def served():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                return b"edged_" in answer.read()
        except OSError:
            return False

    wait_until(served)
    box.change(metrics={})
    wait_until(lambda: not served())
    box.change(log={"level": "info"})
    wait_until(lambda: any("taken up key=log.level" in line for line in box.running.log))
    taken_up = [line.split()[-1] for line in box.running.log if "taken up" in line]
    assert taken_up == ["key=accelerator.turns", "key=metrics", "key=log.level"]


def test_commands_are_allowed_without_a_restart(box, listener):
    """Those that are not allowed any more are refused."""
    for number, allowed in enumerate((False, True)):
        box.change(commands={"ping": allowed})
        listener.wait_for(lambda it, on=allowed: it.on("/info") and ("ping" in it.on("/info")[-1]["commands"]) == on)
        listener.publish("edged/box/request/ping", {"transaction": str(number)})
        listener.wait_for(lambda it, count=number: len(it.on("response/ping")) > count)
    assert [answer["status"] for answer in listener.on("response/ping")] == ["error", "ok"]


def test_clips_and_history_begin_and_end_and_home_assistant_moves(box, listener, tmp_path):
    """While the pipelines go on: none of them begins anew."""
    clips, past = tmp_path / "clips", tmp_path / "past.sqlite3"
    listener.wait_for(lambda it: it.on("/health") and it.on("/health")[-1]["state"] == "ok")
    before = since(listener, "pipelines.drones")
    sources = box.settings["sources"] | {"back": box.microphone("drone")}
    home = {"enabled": True, "prefix": "home"}
    box.change(
        clips={
            "enabled": True,
            "folder": str(clips),
            "max_s": 2,
            "pre_roll_s": 0.5,
            "post_roll_s": 0.5,
            "min_free_bytes": 0,
        },
        history={"path": str(past)},
        home_assistant=home,
        sources=sources,
    )
    wait_until(lambda: list(clips.glob("*/sound.flac*")), 40)
    listener.wait_for(lambda it: it.on("home/device/box/config"), 20)
    wait_until(past.exists)
    box.change(clips={}, history={"enabled": False}, home_assistant=home | {"prefix": "elsewhere"})
    listener.wait_for(lambda it: it.on("home/device/box/config")[-1] == "", 20)
    listener.wait_for(lambda it: it.on("elsewhere/device/box/config"), 20)
    listener.wait_for(lambda it: not {"clips", "history"} & set(it.on("/health")[-1]["parts"]))
    assert since(listener, "pipelines.drones") == before
    assert listener.on("/health")[-1]["parts"]["settings"]["state"] == "ok"


def test_of_each_part_something_is_taken_up_and_what_is_not_says_why(box, listener, tmp_path):
    """Every section of the configuration is changed at once."""
    folder = str(tmp_path)
    changed = {
        "device": "other",
        "site": "gate",
        "location": "north",
        "sources": {"front": box.microphone("wind"), "back": {**box.microphone("wind"), "chunk_s": 0.2}},
        "pipelines": {"drones": {"source": "front", "smoothing": {"threshold": 0.9}}},
        "confirmations": {"both": {"all": [{"pipeline": "drones"}, {"pipeline": "drones"}]}},
        "models": {"threads": 2},
        "accelerator": {"edgetpu": {"hang_s": 2}},
        "gallery": {"backups": 3, "keep_crops": True, "path": f"{folder}/faces"},
        "enrolment": {"min_light": 0.5},
        "control": {"path": f"{folder}/s.sock"},
        "mqtt": box.settings["mqtt"] | {"keepalive_s": 20, "base_topic": "farm"},
        "outbox": {"max_age_days": 2, "batch_s": 0.1, "drain_per_s": 9, "max_bytes": 2**21, "path": f"{folder}/o.db"},
        "commands": {"clip": True},
        "home_assistant": {"enabled": False},
        "clips": {"enabled": True, "folder": f"{folder}/clips"},
        "history": {"max_events": 10},
        "journal": {"enabled": False},
        "health": {"interval_s": 1.5, "flaps": 9},
        "guards": {"interval_s": 1, "heat": {"hot_c": 90}, "load": {"shed": False}},
        "metrics": {"prometheus": {"enabled": True, "port": free_port()}},
        "log": {"format": "json", "level": "debug"},
    }
    assert changed.keys() == Settings.model_fields.keys()
    listener.wait_for(lambda it: it.on("/health"))
    box.change(**changed)
    listener.wait_for(lambda it: "needs a restart" in "".join(it.on("/health")[-1]["parts"]["settings"]["reasons"]))
    told = listener.on("/health")[-1]["parts"]["settings"]
    (said,) = told["reasons"]
    assert "systemctl restart edged" in told["remedies"][0]
    assert re.findall(r"[\w.]+(?= \()", said) == [
        "device",
        "models.threads",
        "accelerator.edgetpu.hang_s",
        "gallery.path",
        "mqtt.base_topic",
        "outbox.path",
    ]
    wait_until((tmp_path / "s.sock").is_socket)
    assert '"key": "log.format"' in "".join(box.running.log)
    assert box.running.stop() == 0


def test_a_faulty_file_changes_nothing_and_says_why(box, listener):
    """And what cannot be taken up is named, with the rest in use; all is well again once the file is."""
    whole = json.dumps(box.settings)

    def said():
        return "; ".join(listener.on("/health")[-1]["parts"]["settings"]["reasons"])

    listener.wait_for(lambda it: it.on("/health"))
    box.write(whole.replace('"source"', '"sauce"', 1))
    listener.wait_for(lambda it: "pipelines.drones.sauce" in said())
    box.change(
        mqtt=box.settings["mqtt"] | {"username": "me", "password_file": "/nowhere/secret"},
        outbox={"path": "/elsewhere"},
        site="gate",
    )
    listener.wait_for(lambda it: "mqtt: is refused, it goes on as it was" in said())
    assert "/nowhere/secret" in said()
    assert "needs a restart: outbox.path (events wait there)" in said()
    listener.wait_for(lambda it: it.on("/info")[-1]["site"] == "gate")
    box.write(whole)
    listener.wait_for(lambda it: it.on("/health")[-1]["parts"]["settings"]["state"] == "ok")
    assert listener.on("/info")[-1]["site"] is None
    assert listener.on("/health")[-1]["parts"]["pipelines.drones"]["counters"].get("restarts", 0) == 0
