"""Service: all that can be asked about people, put together; the daemon serves it, and without one the CLI asks it."""

import time
from collections.abc import Callable, Generator
from functools import cache

from edged.control.protocol import Handlers
from edged.enrolment.config import EnrolmentConfig
from edged.enrolment.examine import Examiner
from edged.enrolment.people import People
from edged.enrolment.teaching import Teaching
from edged.enrolment.transfer import Transfer
from edged.gallery.config import GalleryConfig
from edged.gallery.gallery import Gallery
from edged.inference.files.card import Card
from edged.inference.model import Model
from edged.messages.vision import Frame
from edged.pipelines.faces import FacesConfig, face_models

Frames = Callable[[str], Generator[Frame | None, None, None]]
"""What a camera sees from now on; see :class:`~edged.enrolment.teaching.Teaching`."""


def service(
    config: EnrolmentConfig,
    faces: FacesConfig,
    gallery: Gallery,
    kept: GalleryConfig,
    embedder: Card | None,
    load: Callable[[str], Model],
    frames: Frames,
    now_s: Callable[[], float] = time.time,
) -> Handlers:
    """The handlers by name. ``faces``: the pipeline that is to recognise whom we enrol.

    ``kept``: the config of ``gallery``. ``embedder``: the card of the model that ``faces`` names, None where it is not
    here. ``load`` is asked for the models by name when the first picture comes.
    """

    @cache
    def examiner() -> Examiner:
        return Examiner(config, faces, face_models(faces, load), keep_crops=kept.keep_crops)

    sha256 = embedder.files["cpu"].sha256 if embedder is not None and "cpu" in embedder.files else None
    return {
        **People(gallery, sha256).handlers,
        **Teaching(config, gallery, examiner, frames, now_s).handlers,
        **Transfer(gallery, kept.folder / "transfer").handlers,
    }
