"""`edged run` with a camera, the real program: people before it, events with their names on a real broker out."""

import os
import signal
import sys

import cv2
import numpy as np
import pytest
import soundfile

from edged.synthesis import FlyOver, fly_over
from tests.broker import JPEG, wait_until
from tests.cameras import MjpegCamera, moving
from tests.faces import DATA, NEED_DATA, face_models
from tests.system.programs import Running, edged
from tests.wire_contract import Recorder

__all__ = ["face_models"]
pytestmark = NEED_DATA
CLIP = DATA / "ageitgey__face_recognition" / "video" / "short_hamilton_clip.mp4"
FIRST_FRAME, LAST_FRAME = 141, 198
NAME = "Anastasia Beispiel"
LONG_S = 30.0
MOST_RSS_MB = 250
"""What the box may take with sound and faces at once."""


class Doorway(MjpegCamera):
    """A camera on a door, before which somebody moves, or nobody."""

    def __init__(self, somebody: list[np.ndarray]) -> None:
        super().__init__(fps=10)
        self.occupied = False
        self._somebody = [*somebody, *reversed(somebody)]

    def _part(self, number: int) -> bytes:
        self.show(self._somebody[number % len(self._somebody)] if self.occupied else moving(number, 640, 360))
        return super()._part(number)


@pytest.fixture(scope="module")
def somebody():
    """A piece of a film in which one man looks at us."""
    film = cv2.VideoCapture(str(CLIP))
    frames = [film.read()[1] for _ in range(LAST_FRAME)]
    film.release()
    return frames[FIRST_FRAME::3]


@pytest.fixture
def doorway(somebody):
    with Doorway(somebody) as camera:
        yield camera


@pytest.fixture
def settings(broker, doorway, tmp_path, face_models):
    """Of a box that decides soon and does not ask anybody to turn their head."""
    return {
        "device": "box",
        "sources": {"door": {"type": "camera", "url": doorway.url}},
        "pipelines": {"people": {"kind": "faces", "source": "door", "identity": {"min_off_s": 1, "refractory_s": 0.2}}},
        "enrolment": {"patience_s": 0, "apart_s": 0.1},
        "gallery": {"path": str(tmp_path / "gallery")},
        "control": {"path": str(tmp_path / "control.sock")},
        "models": {"path": str(face_models)},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
    }


@pytest.fixture
def run(tmp_path, settings):
    """Start the program; it is stopped at the end whatever happens."""
    started = []

    def start(**more):
        started.append(Running(tmp_path, settings | more))
        return started[-1]

    yield start
    for running in started:
        running.stop(signal.SIGKILL)


def enrol(running):
    """From the camera of the running box."""
    done = edged("enroll", NAME, "--from-camera", "door", "--count", "2", "-c", running.config)
    assert done.returncode == 0, done.stderr


def wait_for(listener, pipeline, *wanted, since=0):
    """Until these (phase, label) came, in this order, after the first ``since`` events; how many there are then."""

    def came(it):
        left = list(wanted)
        for event in it.on(f"event/{pipeline}")[since:]:
            if left and (event["phase"], event["label"]) == left[0]:
                left.pop(0)
        return not left

    listener.wait_for(came, LONG_S)
    return len(listener.on(f"event/{pipeline}"))


def test_a_stranger_is_unknown_then_known_by_name_then_erased_and_unknown(run, doorway, listener, tmp_path):
    """Enrolled from the camera and erased while the box runs; afterwards no file of the gallery holds the name."""
    running = run()
    running.wait_until_ready()
    doorway.occupied = True
    seen = wait_for(listener, "people", ("start", "unknown"))
    start = listener.on("event/people")[0]
    assert start["subject"].startswith("stranger:")
    assert {"quality", "liveness", "frames", "box_left"} <= set(start["evidence"])
    assert start["model"]["name"] == "face_embedding"
    assert {"detect_faces", "embed_face", "match_face", "total"} <= set(start["latency_ms"])
    enrol(running)
    seen = wait_for(listener, "people", ("end", "unknown"), ("start", NAME), since=seen)
    start = next(event for event in listener.on("event/people") if event["label"] == NAME)
    assert start["subject"].startswith("person:")
    assert start["evidence"]["similarity"] > 0.4
    done = edged("people", "erase", NAME, "--yes", "-c", running.config)
    assert done.returncode == 0, done.stderr
    seen = wait_for(listener, "people", ("end", NAME), ("start", "unknown"), since=seen)
    doorway.occupied = False
    wait_for(listener, "people", ("end", "unknown"), since=seen)
    files = [path for path in (tmp_path / "gallery").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if NAME.encode() in path.read_bytes()]
    assert running.stop() == 0
    assert listener.on("event/people") == running.journal


def test_pictures_go_out_where_they_are_allowed(run, settings, doorway, listener, broker):
    """One with the start of an event, on a topic of its own, small; all that is said holds to the contract."""
    recorder = Recorder(broker.port)
    people = settings["pipelines"]["people"] | {"publish": {"images": {"enabled": True}}}
    running = run(pipelines={"people": people})
    doorway.occupied = True
    wait_for(listener, "people", ("start", "unknown"))
    event = listener.on("event/people")[0]["id"]
    listener.wait_for(lambda it: it.on(f"event/people/{event}/image"), LONG_S)
    picture = listener.on(f"event/people/{event}/image")[0]
    assert picture.startswith(JPEG)
    assert len(picture) < 60_000
    assert running.stop() == 0
    recorder.close()
    assert recorder.check_all("edged/box/") >= {"event", "image", "active", "health"}


def test_a_camera_that_dies_is_said_and_comes_back(run, doorway, listener):
    """Health fails, the camera is offline, who was there is gone, and nobody can be enrolled; then all comes back."""
    running = run()
    doorway.occupied = True
    seen = wait_for(listener, "people", ("start", "unknown"))
    doorway.kill()
    wait_for(listener, "people", ("end", "unknown"), since=seen)
    listener.wait_for(lambda it: it.on("availability/door")[-1:] == ["offline"], LONG_S)
    listener.wait_for(lambda it: it.on("/health")[-1]["state"] == "failing", LONG_S)
    assert "sources.door" in str(listener.on("/health")[-1]["reasons"])
    done = edged("enroll", NAME, "--from-camera", "door", "-c", running.config)
    assert done.returncode == 1
    assert "source door: gave no picture for 10 s" in done.stderr
    seen = len(listener.on("event/people"))
    doorway.restart()
    wait_for(listener, "people", ("start", "unknown"), since=seen)
    listener.wait_for(lambda it: it.on("availability/door")[-1:] == ["online"], LONG_S)
    listener.wait_for(lambda it: it.on("/health")[-1]["state"] == "ok", LONG_S)
    assert running.stop() == 0


def test_who_was_enrolled_is_known_after_a_kill(run, doorway, listener):
    """Killed without a word right after enrolment and started again: the gallery is whole."""
    running = run()
    running.wait_until_ready()
    doorway.occupied = True
    enrol(running)
    running.stop(signal.SIGKILL)
    again = run()
    wait_for(listener, "people", ("start", NAME))
    assert not any("damaged" in line for line in again.log)
    assert edged("people", "verify", "-c", again.config).returncode == 0
    assert again.stop() == 0


def test_a_box_hears_and_sees_at_once(run, settings, doorway, listener, tmp_path):
    """Both publish, within the memory that was promised."""
    sound = tmp_path / "pass.wav"
    config = FlyOver(duration_s=12, quiet_s=2)
    soundfile.write(sound, fly_over(config), config.rate_hz)
    microphone = {"type": "recording", "path": str(sound), "loop": True}
    running = run(
        sources=settings["sources"] | {"microphone": microphone},
        pipelines=settings["pipelines"] | {"drones": {"kind": "drones"}},
    )
    doorway.occupied = True
    wait_for(listener, "people", ("start", "unknown"))
    wait_for(listener, "drones", ("start", "drone"))
    rss_mb = running.rss_mb()
    sys.stdout.write(f"sound and faces: {rss_mb:.0f} MB\n")
    assert rss_mb <= MOST_RSS_MB
    assert running.stop() == 0


def test_a_wrong_key_is_one_clear_line(run, settings, tmp_path):
    """The box does not start, since it would be silently empty, and the gallery is as it was."""
    before = run()
    before.wait_until_ready()
    assert before.stop() == 0
    key = tmp_path / "other-key"
    key.touch(0o600)
    key.write_text(os.urandom(32).hex())
    running = run(gallery=settings["gallery"] | {"key_file": str(key)})
    wait_until(lambda: running.process.poll() is not None, LONG_S)
    assert running.stop() == 78
    said = [line for line in running.log if str(key) in line]
    assert len(said) == 1
    assert not any("Traceback" in line for line in running.log)
    again = run()
    again.wait_until_ready()
    assert again.stop() == 0
