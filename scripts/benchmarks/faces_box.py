"""A box with a camera that plays a video, people whom it knows, and a subscriber that notes when a name arrives."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import paho.mqtt.client as paho
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks import box
from benchmarks.faces_data import HEIGHT, WIDTH, catalogue, empty_frame, frame_with, portraits
from edged.evaluation.faces_still import StillFace
from edged.gallery.config import GalleryConfig
from edged.gallery.gallery import Gallery
from edged.gallery.people import Sample
from edged.pipelines.faces import FacesConfig

NAME = "Ana"
FPS = 10
AWAY_S, THERE_S = 6.0, 2.0
"""Longer away than an event and its rest last; there, long enough to be named."""


def write_video(path: Path, visits: int) -> None:
    """A wall before which somebody appears for a while, so many times."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    portrait = portraits(1)[0]
    for number in range(visits):
        for at in range(round(AWAY_S * FPS)):
            writer.write(empty_frame(at))
        for at in range(round(THERE_S * FPS)):
            writer.write(frame_with(portrait, number * 100 + at))
    writer.release()


def enrol(folder: Path) -> None:
    """The box knows who is on the video."""
    config, models = FacesConfig(), catalogue()
    embedder = models.load(config.embedder)
    landmarks = models.load(config.landmarks) if config.landmarks else None
    still = StillFace(config.detection, models.load(config.detector), landmarks, embedder)
    embedding = still(frame_with(portraits(1)[0]))
    if embedding is None:
        raise RuntimeError("no face is found on the portrait: nobody to enrol")
    sha256 = embedder.card.files["cpu"].sha256
    gallery = Gallery.open(GalleryConfig(path=folder))
    try:
        gallery.add(NAME, [Sample(embedding, embedder.card.name, sha256, 1.0, time.time(), "bench")], by="bench")
    finally:
        gallery.close()


def write_config(folder: Path, video: Path, port: int, sound: Path | None = None) -> Path:
    """A box that looks at the video at its own pace, and listens to ``sound`` where there is one."""
    settings: dict[str, Any] = {
        "device": "bench",
        "sources": {"camera": {"type": "camera", "file": str(video), "loop": True}},
        "pipelines": {"faces": {"kind": "faces", "source": "camera"}},
        "models": {"path": str(catalogue().path)},
        "gallery": {"path": str(folder / "gallery")},
        "mqtt": {"host": "127.0.0.1", "port": port},
    }
    if sound is not None:
        settings["sources"]["field"] = {"type": "recording", "path": str(sound), "loop": True, "chunk_s": 0.05}
        settings["pipelines"]["drones"] = {"kind": "drones", "source": "field"}
    path = folder / "edged.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


@contextmanager
def watching_box(folder: Path, port: int, visits: int, sound: Path | None = None) -> Iterator[box.Running]:
    """Such a box, ready, that knows who comes."""
    video = folder / "visits.avi"
    write_video(video, visits)
    enrol(folder / "gallery")
    with box.running(write_config(folder, video, port, sound)) as running:
        yield running


def named_after_s(port: int, seconds: float) -> list[float]:
    """Of each event that begins meanwhile with the name: from its first good frame until it was received."""
    delays: list[float] = []

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        event, now_s = json.loads(message.payload), time.time()
        if event["phase"] == "start" and event["label"] == NAME:
            delays.append(now_s - datetime.fromisoformat(event["started_at"]).timestamp())

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-faces")
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.subscribe("edged/+/event/faces", qos=1)
    client.loop_start()
    time.sleep(seconds)
    client.disconnect()
    client.loop_stop()
    return delays
