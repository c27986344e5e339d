"""`edged run` under heat, the real program: it does less in the stated order, and so does what is added meanwhile."""

import json
import signal

import pytest

from edged.cli import main
from tests.cameras import moving, write_video
from tests.objects import DATA, NEED_DATA
from tests.system.programs import Running, edged

pytestmark = NEED_DATA
OBJECTS = "objects at a quarter of their rate"


@pytest.fixture
def models(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("EDGED_MODELS__PATH", str(folder))
    monkeypatch.chdir(folder)
    assert main(["models", "pull", "objects_coco_ssd", "--mirror", str(DATA)]) == 0
    return folder


@pytest.fixture
def heat(tmp_path, monkeypatch):
    """A firmware that slows the CPU down."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "vcgencmd").write_text("#!/bin/sh\necho throttled=0x4\n")
    (programs / "vcgencmd").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")


@pytest.fixture
def settings(broker, tmp_path, models):
    """Two cameras, and objects at one of them; load is shed soon, and for long."""
    film = write_video(tmp_path / "film.avi", [moving(number) for number in range(30)], 10)
    camera = {"type": "camera", "file": str(film), "loop": True, "max_fps": 10}
    return {
        "device": "box",
        "sources": {"gate": camera, "yard": camera},
        "pipelines": {"eyes": {"kind": "objects", "source": "gate"}},
        "control": {"path": str(tmp_path / "control.sock")},
        "models": {"path": str(models)},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
        "guards": {"interval_s": 0.2, "load": {"up_s": 0, "down_s": 600}},
        "health": {"interval_s": 1},
    }


def test_a_hot_box_looks_for_objects_less_often_also_those_asked_for_meanwhile(settings, tmp_path, heat, listener):
    """Health says what, why and since when, `edged status` too; frames that nobody looks at are not decoded."""

    def parts(seen):
        return seen.on("/health")[-1]["parts"] if seen.on("/health") else {}

    def shed(seen, source):
        return parts(seen).get(f"sources.{source}", {}).get("counters", {}).get("shed", 0)

    def load(seen):
        return " ".join(parts(seen).get("machine.load", {}).get("reasons", []))

    box = Running(tmp_path, settings)
    try:
        box.wait_until_ready()
        listener.wait_for(lambda it: f"{OBJECTS} since" in load(it) and shed(it, "gate") >= 5, 20)
        assert "as the firmware slows the CPU down" in load(listener)
        assert "faces" not in load(listener)
        settings["pipelines"]["more"] = {"kind": "objects", "source": "yard"}
        box.config.write_text(json.dumps(settings))
        box.process.send_signal(signal.SIGHUP)
        listener.wait_for(lambda it: shed(it, "yard") >= 5, 20)
        assert parts(listener)["pipelines.more"]["state"] == "ok"
        told = edged("status", "-c", box.config).stdout
        assert f"sheds load: {OBJECTS}" in told, told
    finally:
        box.stop(signal.SIGKILL)
