"""PeopleInUse: the gallery of a running box: what its pipelines search in it, its upkeep, and enrolment."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial

from edged.control.protocol import Handler, Handlers
from edged.enrolment.in_step import InStep
from edged.enrolment.service import Frames, service
from edged.errors import GalleryError
from edged.gallery.gallery import Gallery
from edged.gallery.index import Index
from edged.inference.files.card import Card
from edged.inference.model import Model
from edged.messages.health import State
from edged.messages.vision import Embedding, Nearest
from edged.pipelines.faces import FaceModels, FacesConfig
from edged.runtime.health import Health
from edged.runtime.machine import clock_synchronised
from edged.settings import Settings

UPKEEP_S = 3600.0
"""How often people whose time is over are erased, and a backup is made where one is due."""
STEADY_S = 10.0
"""A gallery that could not be read is trusted again when it could be for so long."""
UPKEEP_FAILS = "upkeep fails, see the log"
STOP_LIMIT_S = 1.0

log = logging.getLogger(__name__)


class PeopleInUse:
    """Opens the gallery for the first pipeline of faces: a box without one has none."""

    def __init__(
        self,
        settings: Settings,
        health: Health,
        load: Callable[[str, ExitStack], Model],
        frames: Frames,
        synchronised: Callable[[], bool | None] = clock_synchronised,
    ) -> None:
        """``load`` gives models by name, until the stack is closed; ``frames``: what a camera sees, for enrolment.

        ``synchronised``: False where the clock is known to be wrong; nobody's time is over then.
        """
        self._synchronised = synchronised
        self._settings, self._health, self._load, self._frames = settings, health, load, frames
        self._open: tuple[Gallery, InStep] | None = None
        self._stack = ExitStack()
        self.handlers: dict[str, Handler] = {}
        """Answers to what is asked about people, by name; none as long as there is no gallery."""
        self._failed_s = 0.0
        self._erased: set[str] = set()
        self._erased_at = -1
        self._stopping = threading.Event()

    def start(self, stack: ExitStack) -> None:
        """Before any pipeline; ``stack`` closes the gallery, after all of them."""
        stack.enter_context(self._stack)

    def search(self, config: FacesConfig, models: FaceModels, stack: ExitStack) -> Callable[[Embedding], Nearest]:
        """Finds the people who are most like a face, until ``stack`` is closed. GalleryError where it cannot be opened.

        How many were enrolled with another embedder, and so are not found, is said in health.
        """
        gallery, enrolment = self._open = self._open or self._open_gallery(self._stack)
        stack.callback(self._tell)  # when it has left
        enrolment.begin(config, models, stack)
        self._tell()
        return partial(self._search, Index(gallery, models.embedder.card.files["cpu"].sha256))

    def _tell(self) -> None:
        """Say in health who cannot be found."""
        if self._open is not None and not self._failed_s:
            with suppress(GalleryError):  # whoever searches in it says so in health
                reasons = list(_reasons(*self._open))
                self._health.part("gallery").set(State.DEGRADED if reasons else State.OK, "; ".join(reasons))

    def use(self, settings: Settings) -> None:
        """From now on keep and enrol people as these have it; the gallery's folder and key stay."""
        self._settings = settings
        if self._open:
            gallery, enrolment = self._open
            gallery.use(settings.gallery)
            enrolment.anew()

    def erased(self) -> Collection[str]:
        """Who was erased, by id; as far as it is known where the gallery cannot be read, and nobody without one."""
        gallery = self._open[0] if self._open else None
        if gallery is not None and not self._stopping.is_set():
            with suppress(GalleryError):  # whoever searches in it says so in health
                revision = gallery.revision()
                if revision is not None and revision != self._erased_at:
                    self._erased, self._erased_at = gallery.erased(), revision
        return self._erased

    def _search(self, index: Index, embedding: Embedding) -> Nearest:
        """Nobody is like anybody while the gallery cannot be read: nobody is named, and health says why."""
        try:
            nearest = index.search(embedding)
        except GalleryError as fault:
            if not self._failed_s:
                log.error("gallery", extra={"reason": str(fault)})  # noqa: TRY400  # no bug of ours
            self._failed_s = time.monotonic()
            self._health.part("gallery").set(State.FAILING, f"{fault}; everybody is unknown; start edged again")
            return ()
        if self._failed_s and time.monotonic() - self._failed_s > STEADY_S:
            self._failed_s = 0.0
            self._tell()
        return () if self._failed_s else nearest

    def _open_gallery(self, stack: ExitStack) -> tuple[Gallery, InStep]:
        """And what is asked about people, by the models of a pipeline that runs."""
        gallery = Gallery.open(self._settings.gallery)
        stack.callback(gallery.close)
        self._start_upkeep(gallery, stack)

        def serve(config: FacesConfig, embedder: Card, models: ExitStack) -> Handlers:
            def load(name: str) -> Model:
                return self._load(name, models)

            settings = self._settings
            return service(settings.enrolment, config, gallery, settings.gallery, embedder, load, self._frames)

        enrolment = InStep(self.handlers, serve)
        stack.callback(enrolment.close)
        return gallery, enrolment

    def _start_upkeep(self, gallery: Gallery, stack: ExitStack) -> None:
        thread = threading.Thread(target=self._keep_up, args=(gallery,), name="gallery", daemon=True)
        thread.start()
        stack.callback(thread.join, STOP_LIMIT_S)
        stack.callback(self._stopping.set)

    def _keep_up(self, gallery: Gallery) -> None:
        part = self._health.part("gallery")
        while not self._stopping.is_set():
            try:
                self._expire(gallery)
                gallery.backup()
            except Exception:  # a full disk, say: recognition goes on
                log.exception("upkeep of the gallery failed")
                part.condition(UPKEEP_FAILS, on=True)
            else:
                part.condition(UPKEEP_FAILS, on=False)
            self._stopping.wait(UPKEEP_S)

    def _expire(self, gallery: Gallery) -> None:
        if self._synchronised() is False:  # a leap into the future would erase people for good
            return
        if expired := gallery.expire(datetime.now(UTC).date(), by="edged"):
            log.info("people erased, their time is over", extra={"people": len(expired)})


def _reasons(gallery: Gallery, enrolment: InStep) -> Iterator[str]:
    """Why somebody cannot be found: how many, and not who, as health goes over the wire."""
    if gallery.report:
        yield gallery.report
    for embedder in enrolment.embedders:
        sha256, enrols = embedder.files["cpu"].sha256, enrolment.embedder
        if stale := len(gallery.stale(sha256)):
            yield f"enrolled with another model than {embedder.name}: {stale}; `edged people list` tells who"
        if enrols and enrols.files["cpu"].sha256 != sha256:
            yield (
                f"enrolled now by {enrols.name}, which {embedder.name} does not understand; "
                "give all pipelines of faces the same embedder"
            )
