"""Whom the command line asks about people: the running edged through its socket, else the gallery itself."""

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from edged.control.client import ask, running, serves
from edged.control.protocol import Arguments, Ask, Handlers, Peer, Result, of_handlers
from edged.enrolment.service import service
from edged.errors import ConfigError, ModelError
from edged.gallery.gallery import Gallery
from edged.inference.catalogue import Catalogue
from edged.inference.files.card import Card, read_card
from edged.messages.vision import Frame
from edged.pipelines.faces import FacesConfig
from edged.settings import Settings
from edged.sources.camera import Camera, CameraConfig


@contextmanager
def asking(settings: Settings) -> Iterator[Ask]:
    """Ask the edged that runs and has a gallery; where none does, this process does what it would do."""
    path = running(settings.control)
    if path is not None and serves(path, "people.list"):
        yield partial(ask, path)
        return
    with closing(Gallery.open(settings.gallery)) as gallery:
        yield of_handlers(_handlers(settings, gallery), Peer(os.getuid(), os.getgid(), os.getpid()))


def result_of(
    ask: Ask, do: str, arguments: Arguments, tell: Callable[[Mapping[str, Any]], None] = lambda _: None
) -> Any:
    """What comes back; ``tell`` is told of progress. EdgedError with what went wrong; interrupted, it is cancelled."""
    answers = ask(do, arguments)
    try:
        for answer in answers:
            if isinstance(answer, Result):
                return answer.value
            tell(answer.value)
    finally:
        if close := getattr(answers, "close", None):
            close()
    raise AssertionError(f"{do}: ended without a result")


def faces_of(settings: Settings) -> FacesConfig:
    """The first pipeline of faces: what is enrolled is enrolled for it; the defaults where there is none."""
    return next((each for each in settings.pipelines.values() if isinstance(each, FacesConfig)), FacesConfig())


def _handlers(settings: Settings, gallery: Gallery) -> Handlers:
    catalogue, faces = Catalogue(settings.models), faces_of(settings)
    return service(
        settings.enrolment,
        faces,
        gallery,
        settings.gallery,
        _embedder(catalogue, faces),
        catalogue.load,
        partial(_frames, settings),
    )


def _embedder(catalogue: Catalogue, faces: FacesConfig) -> Card | None:
    """Its card; None where it is not here: people can be listed without it."""
    try:
        return read_card(catalogue.folder(faces.embedder))
    except ModelError:
        return None


def _frames(settings: Settings, name: str) -> Generator[Frame | None, None, None]:
    """What the camera sees, opened by this process."""
    config = settings.sources.get(name)
    if not isinstance(config, CameraConfig):
        cameras = ", ".join(each for each, one in settings.sources.items() if isinstance(one, CameraConfig))
        raise ConfigError(f"--from-camera {name}: is no camera of the configuration's sources: {cameras or 'none'}")
    yield from Camera(config).stream()
