"""`edged run` with all its senses: a camera for objects, and a recording for sounds and drones; what they agree on."""

import json
import signal
from copy import deepcopy
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from edged.cli import main
from edged.synthesis import FlyOver, fly_over
from tests.cameras import write_video
from tests.objects import DATA, NEED_DATA
from tests.system.programs import Running, edged
from tests.wire_contract import Recorder

pytestmark = NEED_DATA
FILM = DATA / "intel-iot-devkit__sample-videos" / "video" / "one-by-one-person-detection.mp4"
FIRST_FRAME, LAST_FRAME = 170, 235
FILM_FPS = 10
DOG = DATA / "karoldvl__ESC-10" / "001_dog_bark" / "5-203128-A.ogg"
BARK_S = 1.2
LONG_S = 30.0
RULE = {"all": [{"pipeline": "ears", "labels": ["dog"]}, {"pipeline": "eyes", "labels": ["person"]}]}
PIPELINES = ("eyes", "ears", "drones", "intruder")
ALL = {"points": [[0, 0], [1, 0], [1, 1], [0, 1]]}
RIGHT = {"points": [[0.6, 0], [1, 0], [1, 1], [0.6, 1]]}


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A woman at a table goes away to the right."""
    whole = cv2.VideoCapture(str(FILM))
    whole.set(cv2.CAP_PROP_POS_FRAMES, FIRST_FRAME)
    pictures = [whole.read()[1] for _ in range(LAST_FRAME - FIRST_FRAME)]
    whole.release()
    return write_video(tmp_path_factory.mktemp("film") / "film.avi", pictures, FILM_FPS)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """A dog barks; and in the yard a drone flies over then."""
    bark, rate_hz = soundfile.read(DOG, dtype="float32")
    config, folder = FlyOver(duration_s=6, quiet_s=0.5), tmp_path_factory.mktemp("recordings")
    at_s = np.arange(0, BARK_S, 1 / config.rate_hz)
    bark = np.interp(at_s, np.arange(len(bark)) / rate_hz, bark)
    sounds = {"yard": np.concatenate([bark, fly_over(config)]), "kennel": np.concatenate([bark, bark * 0])}
    paths = {name: folder / f"{name}.wav" for name in sounds}
    for name, path in paths.items():
        soundfile.write(path, sounds[name], config.rate_hz)
    return paths


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """One that sees, and two that hear."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGED_MODELS__PATH", str(folder))
        patch.chdir(folder)
        names = ("objects_coco_ssd", "audio_yamnet_spectra", "audio_yamnet")
        assert main(["models", "pull", *names, "--mirror", str(DATA)]) == 0
    return folder


@pytest.fixture
def settings(broker, tmp_path, film, recordings, models):
    """Of a box that tells soon, and often."""
    return {
        "device": "box",
        "sources": {
            "gate": {"type": "camera", "file": str(film), "loop": True, "max_fps": 5},
            **{name: {"type": "recording", "path": str(path), "loop": True} for name, path in recordings.items()},
        },
        "pipelines": {
            "eyes": {
                "kind": "objects",
                "source": "gate",
                "detection": {"labels": {"person": {}}},
                "tracking": {"lost_s": 1},
                "zones": {"right": RIGHT},
            },
            "ears": {
                "kind": "sounds",
                "source": "yard",
                "groups": {"dog": ["Dog", "Bark"]},
                "level": {"enabled": True, "interval_s": 1},
            },
            "drones": {"source": "yard"},
        },
        "confirmations": {"intruder": deepcopy(RULE)},  # tests change it
        "home_assistant": {"enabled": True},
        "control": {"path": str(tmp_path / "control.sock")},
        "models": {"path": str(models)},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
        "health": {"interval_s": 1},
    }


class Box:
    """The program, with a configuration that can be changed."""

    def __init__(self, folder, settings):
        self.settings = settings
        self.running = Running(folder, settings)
        self.running.wait_until_ready()

    def change(self, **pipelines):
        for name, keys in pipelines.items():
            self.settings["pipelines"][name] |= keys
        self.running.config.write_text(json.dumps(self.settings))
        self.running.process.send_signal(signal.SIGHUP)

    def has_open(self, path):
        """How often."""
        return [fd.resolve() for fd in Path(f"/proc/{self.running.process.pid}/fd").iterdir()].count(path.resolve())

    def asked(self, *arguments):
        done = edged(*arguments, "-c", self.running.config)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def box(tmp_path, settings):
    box = Box(tmp_path, settings)
    yield box
    box.running.stop(signal.SIGKILL)


def on(listener, pipeline, phase):
    return [event for event in listener.on(f"event/{pipeline}") if event["phase"] == phase]


def check_objects(events):
    """People go through the zone, and their way is told."""
    assert {event["label"] for event in events} == {"person"}
    assert any(event["zones"] == ["right"] and event["path"][-1][1] > 0.5 for event in events)
    assert any("zone_right_s" in event["evidence"] for event in events)


def check_confirmations(events, told):
    """Each witness was told, by the pipeline and with the label that the rule names."""
    for event in events:
        assert [(it["pipeline"], it["label"]) for it in event["witnesses"]] == [("ears", "dog"), ("eyes", "person")]
        assert [told[it["id"]]["pipeline"] for it in event["witnesses"]] == ["ears", "eyes"]
        assert event["confidence"] == min(it["confidence"] for it in event["witnesses"])


def test_what_is_seen_and_heard_is_told_confirmed_and_kept(box, recordings, listener, broker):
    """A camera and a recording that is read once for two pipelines; all that is said holds to the contract."""
    recorder = Recorder(broker.port)
    for name in PIPELINES:
        listener.wait_for(lambda it, name=name: on(it, name, "start"), LONG_S)
    listener.wait_for(lambda it: on(it, "eyes", "end") and on(it, "intruder", "end"), LONG_S)
    listener.wait_for(lambda it: it.on("level/ears") and it.on("homeassistant/device/box/config"))
    assert box.has_open(recordings["yard"]) <= 1  # not at all while it begins again
    assert any(word["active"] for word in listener.on("active/intruder"))
    info, health = listener.on("/info")[-1], listener.on("/health")[-1]
    assert info["pipelines"] == {"eyes": "objects", "ears": "sounds", "drones": "drones"}
    assert info["confirmations"] == ["intruder"]
    assert (health["state"], health["reasons"]) == ("ok", [])
    assert {f"pipelines.{name}" for name in PIPELINES} <= health["parts"].keys()
    entities = listener.on("homeassistant/device/box/config")[-1]["cmps"]
    assert {f"active_{name}" for name in PIPELINES} <= entities.keys()
    used = {model["name"]: model["used_by"] for model in json.loads(box.asked("models", "list", "--json"))}
    assert (used["objects_coco_ssd"], used["audio_yamnet_spectra"]) == (["eyes"], ["ears"])
    assert box.running.stop() == 0
    told = {event["id"]: event for event in box.running.journal}
    kept = json.loads(box.asked("events", "list", "--json"))
    assert {(event["id"], event["label"], event["standing"]) for event in kept} == {
        (event["id"], event["label"], "ended") for event in told.values()
    }
    assert not any(listener.on(f"active/{name}")[-1]["active"] for name in PIPELINES)
    check_objects(listener.on("event/eyes"))
    check_confirmations(listener.on("event/intruder"), told)
    assert {"event", "active", "level", "health", "info"} <= recorder.check_all("edged/box")
    recorder.close()


def models_in_use(listener):
    """By `info` and by health."""
    parts = {name.removeprefix("models.") for name in listener.on("/health")[-1]["parts"] if name.startswith("models.")}
    return [{model["name"] for model in listener.on("/info")[-1]["models"]}, parts]


def test_a_change_of_zones_groups_and_models_is_taken_up(box, listener):
    """The model that no pipeline uses any longer is forgotten; one that does not fit is refused, and all goes on."""
    often = {"hold_s": 0.5, "refractory_s": 0}
    heard = {"source": "kennel", "model": "audio_yamnet", "groups": {"barking": ["Bark"]}, "smoothing": often}
    box.settings["confirmations"]["intruder"]["all"][0]["labels"] = ["barking"]
    box.change(eyes={"zones": {"all": ALL}}, ears=heard)
    listener.wait_for(lambda it: any(event["zones"] == ["all"] for event in on(it, "eyes", "start")), LONG_S)
    listener.wait_for(lambda it: any(event["label"] == "barking" for event in on(it, "ears", "start")), LONG_S)
    assert on(listener, "ears", "start")[-1]["model"]["name"] == "audio_yamnet"
    used = {"objects_coco_ssd", "audio_yamnet", "drone_sound"}
    listener.wait_for(lambda it: models_in_use(it) == [used, used])
    box.change(ears={"model": "objects_coco_ssd"})
    listener.wait_for(lambda it: "ears: is refused" in str(it.on("/health")[-1]["parts"]["settings"]["reasons"]))
    listener.wait_for(lambda it: models_in_use(it) == [used, used])
    before = len(on(listener, "ears", "start"))
    listener.wait_for(lambda it: len(on(it, "ears", "start")) > before, LONG_S)
