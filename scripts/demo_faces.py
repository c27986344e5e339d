"""The demo of faces: a broker, the real daemon with a camera that plays a video, and who it says is there."""

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from demo import BIN, Running, broker_command, free_port, say, stop, wait_for, watch
from numpy.typing import NDArray

from edged.enrolment.pictures import read_picture
from edged.errors import EdgedError
from edged.evaluation.faces_folder import Labelled, read_folder
from edged.inference.catalogue import Catalogue
from edged.messages.vision import Frame, Picture
from edged.pipelines.faces import FacesConfig
from edged.settings import read_settings
from edged.stages.align_face import TEMPLATE, align
from edged.stages.detect_faces import DetectFaces, DetectionConfig

SIZE, FPS = (640, 480), 10
SHOWN_S, AWAY_S = 2.0, 1.0
"""Each person on the video that is made of pictures, and nobody between two."""
KNOWN, STRANGERS = 5, 3
"""So many people on it, so that it lasts half a minute."""
FIRST_S = 5.0
"""Whoever is seen this early on a video is enrolled."""
CUT_OUTS = 200


def main(options: Namespace) -> int:
    """Run it; the exit status is 0 only if somebody who was enrolled was named."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edged-demo-")))
        try:
            teach, video, pictures = material(options.faces, folder)
            get_models(options.mirror, pictures, folder)
        except EdgedError as error:
            say(f"[bold red]{error}[/]")
            return error.exit_code
        port = free_port()
        stack.enter_context(Running(broker_command(folder, port), folder / "broker.log"))
        wait_for(port)
        config = write_settings(folder, video, port)
        if status := edged("enroll", *teach, "--yes", "-c", config):
            say("nobody could be enrolled: are there faces on the pictures, large and sharp?")
            return status
        events: list[dict[str, Any]] = []
        client = watch(port, events)
        stack.callback(client.loop_stop)
        say(f"[bold]Playing[/] {video.name} to edged, in real time")
        daemon = subprocess.Popen(
            [BIN / "edged", "run", "-c", config], stdout=subprocess.DEVNULL, stderr=(folder / "edged.log").open("w")
        )
        stack.callback(stop, daemon)
        status = daemon.wait(timeout=3600)
        time.sleep(0.5)
        if status:
            say((folder / "edged.log").read_text())
            return status
    return conclude(events)


def conclude(events: list[dict[str, Any]]) -> int:
    """Say who was seen, and what to try next."""
    seen = [event["label"] for event in events if event["phase"] == "start"]
    named = sorted({label for label in seen if label not in {"unknown", "spoof"}})
    say(f"\n[bold]{len(seen)} events[/] went over the broker; named: {', '.join(named) or 'nobody'}")
    say("\nWhat to try next:")
    say("  .venv/bin/edged enroll Ana --from-camera camera    yourself, with a camera in the configuration")
    say("  .venv/bin/edged models evaluate faces DIR          how well it does on pictures of yours")
    return 0 if named else 1


def material(source: Path, folder: Path) -> tuple[list[Path | str], Path, list[Picture]]:
    """Arguments of `edged enroll`, the video to play, and pictures of faces. EdgedError where there is nothing."""
    if source.is_dir():
        found = read_folder(source)
        video = folder / "people.avi"
        write_video(video, [*one_each(found.probes, KNOWN), *one_each(found.strangers, STRANGERS)])
        people = (*found.gallery, *found.probes, *found.strangers)
        return [source / "gallery"], video, [read_picture(picture.path) for picture in people[:CUT_OUTS]]
    first = first_frames(source)
    files = [folder / f"first-{number}.png" for number in range(len(first))]
    for file, picture in zip(files, first, strict=True):
        cv2.imwrite(str(file), picture)
    return ["first seen", *files], source, first


def one_each(people: tuple[Labelled, ...], most: int) -> list[Labelled]:
    """A picture of each of the first so many people."""
    return list({picture.person: picture for picture in reversed(people)}.values())[::-1][:most]


def write_video(path: Path, people: list[Labelled]) -> None:
    """One after the other before a grey wall; a little noise, as every camera has."""
    writer, noise = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE), np.random.default_rng(0)
    wall = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)

    def show(picture: Picture, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            frame: NDArray[np.float64] = picture + noise.normal(0, 2, picture.shape)
            writer.write(np.asarray(frame.clip(0, 255), np.uint8))

    for person in people:
        show(wall, AWAY_S)
        show(on_wall(wall, read_picture(person.path)), SHOWN_S)
    show(wall, 4.0)
    writer.release()


def on_wall(wall: Picture, picture: Picture) -> Picture:
    """A picture in the middle of the wall, nearly as high as it."""
    scale = 0.9 * min(SIZE[0] / picture.shape[1], SIZE[1] / picture.shape[0])
    scaled = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale), np.uint8)
    (height, width), frame = scaled.shape[:2], wall.copy()
    top, left = (SIZE[1] - height) // 2, (SIZE[0] - width) // 2
    frame[top : top + height, left : left + width] = scaled
    return frame


def first_frames(video: Path) -> list[Picture]:
    """Ten of the first seconds. EdgedError where it cannot be played."""
    capture, frames = cv2.VideoCapture(str(video)), list[Picture]()
    every = max(1, round((capture.get(cv2.CAP_PROP_FPS) or FPS) * FIRST_S / 10))
    for number in range(10 * every):
        more, frame = capture.read()
        if more and number % every == 0:
            frames.append(np.asarray(frame, np.uint8))
    capture.release()
    if not frames:
        raise EdgedError(f"--faces {video}: neither a folder nor a video that can be played")
    return frames


def get_models(mirror: str | None, pictures: list[Picture], folder: Path) -> None:
    """Fetch what is not here, and make the embedder where nobody has yet. EdgedError where that cannot be done."""
    config, models = FacesConfig(), Catalogue(read_settings(None).models)
    whence = ["--mirror", mirror] if mirror else []
    finders = (config.detector, config.landmarks) if config.landmarks else (config.detector,)
    if edged("models", "pull", *finders, *config.liveness.models, *whence):
        raise EdgedError("the models cannot be fetched; --mirror DIR takes them from a folder")
    if config.embedder in models.names():
        return
    say("The embedder is made from its source, once: TensorFlow (1.5 GB) is installed for it")
    began_s = time.monotonic()
    subprocess.run(["scripts/setup", "train"], check=True)
    cut_outs = folder / "faces"
    landmarks = models.load(config.landmarks) if config.landmarks else None
    write_cut_outs(cut_outs, pictures, DetectFaces(DetectionConfig(), models.load(config.detector), landmarks))
    if edged("models", "build", config.embedder, "--images", cut_outs, *whence):
        raise EdgedError(f"{config.embedder} cannot be made; what went wrong stands above")
    say(f"made in {time.monotonic() - began_s:.0f} s")


def write_cut_outs(folder: Path, pictures: list[Picture], detect: DetectFaces) -> None:
    """The faces on the pictures, upright, by which the embedder's int8 scales are set."""
    folder.mkdir()
    for number, picture in enumerate(pictures):
        for detected in detect(Frame(picture, 0.0)):
            for face in detected.faces[:1]:
                cut_out = align(picture, face.keypoints, TEMPLATE, (112, 112))
                cv2.imwrite(str(folder / f"{number}.png"), cut_out)


def write_settings(folder: Path, video: Path, port: int) -> Path:
    """Defaults, but for the video in place of a camera, a gallery that is gone afterwards, and the broker."""
    path = folder / "edged.yaml"
    text = {
        "device": "demo",
        "sources": {"camera": {"type": "camera", "file": str(video)}},
        "pipelines": {"faces": {"kind": "faces"}},
        "gallery": {"path": str(folder / "gallery")},
        "mqtt": {"port": port, "host": "127.0.0.1"},
    }
    path.write_text(json.dumps(text))
    return path


def edged(*arguments: Path | str) -> int:
    """Run a command of ours; its exit status."""
    return subprocess.run([BIN / "edged", *arguments], env=os.environ, check=False).returncode


if __name__ == "__main__":
    sys.exit("scripts/demo --faces DIR|VIDEO starts it")
