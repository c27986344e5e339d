"""The demo of faces: a broker, the real daemon with a camera that plays a video, and who it says is there."""

import json
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from subprocess import PIPE
from types import MappingProxyType
from typing import Any, NamedTuple

import cv2
import numpy as np
from demo import BIN, environment, play, start_broker
from demo_film import FPS, write_video
from demo_wire import say
from rich.markup import escape

from edged.enrolment.pictures import PictureError, read_picture
from edged.errors import EdgedError
from edged.evaluation.faces_folder import Labelled, read_folder
from edged.inference.catalogue import Catalogue
from edged.messages.vision import Frame, Picture
from edged.pipelines.faces import FacesConfig
from edged.settings import read_settings
from edged.stages.align_face import TEMPLATE, align
from edged.stages.detect_faces import DetectFaces, DetectionConfig

KNOWN, STRANGERS = 5, 3
"""So many people on it, so that it lasts half a minute."""
SAMPLES = 2
"""Of the first face on a video."""
CUT_OUTS = 200
"""Faces by which the embedder's int8 scales are set, where there are so many."""
REFUSALS = "the people in gallery/; of each picture that is not good enough edged says why"
PROMPTS = "the first face that can be seen well, as 'first seen'; edged guides it as somebody in front of a camera"
ALL_PASS = {"allow": ["live", "unsure", "spoof"]}
NOT_NAMES = {"unknown", "spoof"}


class Show(NamedTuple):
    """What is shown."""

    video: Path
    teach: list[str]
    """Arguments of `edged enroll`..."""
    meanwhile: str
    """...and what to make of what it says."""
    pictures: Callable[[], Iterator[Picture]]
    """Of faces."""
    known: tuple[str, ...] = ()
    """Who of the enrolled is on the video, where we know."""
    liveness: Mapping[str, Any] = MappingProxyType({})
    """What of its config differs."""


def main(options: Namespace) -> int:
    """Run it; the exit status is 0 only if somebody who was enrolled was named."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edged-demo-")))
        try:
            show = from_pictures(options.faces, folder) if options.faces.is_dir() else from_video(options.faces)
            models = get_models(options.mirror, show, folder)
        except EdgedError as error:
            say(f"[bold red]{escape(str(error))}[/]")
            return error.exit_code
        port = start_broker(folder, stack)
        if status := enrol(show, folder, models):
            return status
        say(f"[bold]Playing[/] {escape(show.video.name)} to edged, in real time")
        events, status = play(folder, port, write_settings(folder, show, models, port), stack)
        if status:
            return status
    return conclude(events, show.known)


def conclude(events: list[dict[str, Any]], known: tuple[str, ...]) -> int:
    """Say who was seen, and what to try next."""
    seen = [event["label"] for event in events if event["phase"] == "start"]
    named = sorted(set(seen) - NOT_NAMES)
    say(f"\n[bold]{len(seen)} event{'s' * (len(seen) != 1)}[/] went over the broker", end="")
    say(f"; named: {escape(', '.join(named)) or 'nobody'}" if seen else ": nobody was seen")
    if known:
        say(f"{len(set(known) & set(named))} of {len(known)} on the video who are enrolled were named", end="")
        wrong = escape(", ".join(set(named) - set(known)))
        say(f"; [bold red]others were taken for {wrong}[/]" if wrong else ", and nobody by another's name")
    say("\nWhat to try next:")
    say("  .venv/bin/edged enroll Ana --from-camera camera    yourself, with a camera in the configuration")
    say("  .venv/bin/edged models evaluate faces DIR          how well it does on pictures of yours")
    return 0 if named else 1


def from_pictures(source: Path, folder: Path) -> Show:
    """People are enrolled from pictures; others of the same people, and of strangers, become a video."""
    found = read_folder(source)
    known, strangers = one_each(found.probes, KNOWN), one_each(found.strangers, STRANGERS)
    video = folder / "people.avi"
    write_video(video, [*known, *strangers])
    names = tuple(person.person for person in known)
    say(f"On the video, one after the other: {escape(', '.join(names))}, and {len(strangers)} who are not enrolled.")
    say("(Here edged lets pictures of faces pass, as none should at a door: `liveness` says what it thinks of each.)")
    everybody = (*found.gallery, *found.probes, *found.strangers)
    return Show(video, [str(source / "gallery")], REFUSALS, lambda: read_pictures(everybody), names, ALL_PASS)


def from_video(video: Path) -> Show:
    """Whoever is on it first is enrolled from it, as from a camera. EdgedError where it cannot be played."""
    if next(frames_of(video), None) is None:
        raise EdgedError(f"--faces {video}: neither a folder nor a video that can be played")
    teach = ["first seen", "--from-camera", "camera", "--count", str(SAMPLES)]
    return Show(video, teach, PROMPTS, lambda: frames_of(video))


def enrol(show: Show, folder: Path, models: Path) -> int:
    """The exit status: 0 also where some were refused, if others are enrolled."""
    say(f"[bold]Enrolling[/] {show.meanwhile}")
    config = write_settings(folder, show, models)
    edged("enroll", *show.teach, "--yes", "-c", config, env=environment(folder))
    if json.loads(edged("people", "list", "--json", "-c", config, env=environment(folder), stdout=PIPE).stdout):
        return 0
    say("[bold red]Nobody could be enrolled[/]: it takes a face alone, large, sharp, lit, and not turned away.")
    return 1


def read_pictures(labelled: tuple[Labelled, ...]) -> Iterator[Picture]:
    """Those that can be read."""
    for each in labelled:
        try:
            yield read_picture(each.path)
        except PictureError as error:
            say(escape(str(error)))


def frames_of(video: Path) -> Iterator[Picture]:
    """About three a second."""
    capture = cv2.VideoCapture(str(video))
    every = max(1, round((capture.get(cv2.CAP_PROP_FPS) or FPS) / 3))
    number = 0
    while capture.grab():
        if number % every == 0:
            yield np.asarray(capture.retrieve()[1], np.uint8)
        number += 1
    capture.release()


def one_each(people: tuple[Labelled, ...], most: int) -> list[Labelled]:
    """A picture of each of the first so many people."""
    return list({picture.person: picture for picture in reversed(people)}.values())[::-1][:most]


def get_models(mirror: str | None, show: Show, folder: Path) -> Path:
    """Fetch what is not here, and make the embedder where nobody has yet; where they are. EdgedError if it fails."""
    config, models = FacesConfig(), Catalogue(read_settings(None).models)
    whence = ["--mirror", mirror] if mirror else []
    finders = (config.detector, config.landmarks) if config.landmarks else (config.detector,)
    if edged("models", "pull", *finders, *config.liveness.models, *whence).returncode:
        raise EdgedError("the models cannot be fetched; --mirror DIR takes them from a folder")
    if config.embedder in models.names():
        return models.path
    landmarks = models.load(config.landmarks) if config.landmarks else None
    cut_outs, detect = folder / "cut-outs", DetectFaces(DetectionConfig(), models.load(config.detector), landmarks)
    if not (found := write_cut_outs(cut_outs, show.pictures(), detect)):
        raise EdgedError("no face was found there: nothing to show")
    say(f"{config.embedder} is made from its source, once, its scales set by {found} faces found there.")
    say("TensorFlow (1.5 GB) is installed for that, which may take some minutes.")
    began_s = time.monotonic()
    if subprocess.run(["scripts/setup", "train"], check=False).returncode:
        raise EdgedError("TensorFlow cannot be installed; what went wrong stands above")
    if edged("models", "build", config.embedder, "--images", cut_outs, *whence).returncode:
        raise EdgedError(f"{config.embedder} cannot be made; what went wrong stands above")
    say(f"Made in {time.monotonic() - began_s:.0f} s. It stays, for this machine's box too; for one made by more and")
    say(f"other faces: .venv/bin/edged models build {config.embedder} --images DIR")
    return models.path


def write_cut_outs(folder: Path, pictures: Iterator[Picture], detect: DetectFaces) -> int:
    """The first faces on the pictures, upright, as files; how many there are."""
    folder.mkdir()
    faces = (
        align(picture, face.keypoints, TEMPLATE, (112, 112))
        for picture in pictures
        for detected in detect(Frame(picture, 0.0))
        for face in detected.faces
        if face.keypoints  # else the second detector saw none there
    )
    number = 0
    for number, cut_out in enumerate(islice(faces, CUT_OUTS), 1):
        cv2.imwrite(str(folder / f"{number:03}.png"), cut_out)
    return number


def write_settings(folder: Path, show: Show, models: Path, port: int | None = None) -> Path:
    """Defaults, but for the video in place of a camera, and the broker.

    Without a broker it is for enrolment: the video as fast as it can be read, and nobody is asked to turn their head.
    """
    path = folder / ("enrol.yaml" if port is None else "edged.yaml")
    text = {
        "device": "demo",
        "sources": {"camera": {"type": "camera", "file": str(show.video), "realtime": port is not None}},
        "pipelines": {"faces": {"kind": "faces", "liveness": dict(show.liveness)}},
        "models": {"path": str(models.absolute())},
        "enrolment": {"patience_s": 0},
        "control": {"path": str(folder / "control.sock")},
        "mqtt": {"host": "127.0.0.1", "port": port} if port else {"enabled": False},
    }
    path.write_text(json.dumps(text))
    return path


def edged(*arguments: Path | str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
    """Run a command of ours, by default as whoever works at this machine would."""
    return subprocess.run([BIN / "edged", *arguments], check=False, **options)


if __name__ == "__main__":
    sys.exit("scripts/demo --faces DIR|VIDEO starts it")
