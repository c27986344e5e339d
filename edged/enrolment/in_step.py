"""InStep: people are enrolled by the models that recognise them, whichever pipelines of faces come and go."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from edged.control.protocol import Handler, Handlers
from edged.inference.files.card import Card
from edged.pipelines.faces import FaceModels, FacesConfig

Serve = Callable[[FacesConfig, Card, ExitStack], Handlers]
"""Makes the handlers for a pipeline and its embedder; the stack lets go of the models that they load."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Recognition:
    """A pipeline that runs."""

    config: FacesConfig
    cards: tuple[Card, ...]
    """Of its models, the embedder's last."""


class InStep:
    """Enrols as the first pipeline does; when that ends, as one with the same models, else as the next one."""

    def __init__(self, handlers: dict[str, Handler], serve: Serve) -> None:
        """``handlers`` are kept up to date; who was enrolled without any pipeline left is so by the last one's models.

        All methods are called on one thread.
        """
        self._handlers, self._serve = handlers, serve
        self._running: list[_Recognition] = []
        self._now: _Recognition | None = None
        self._models = ExitStack()

    def begin(self, config: FacesConfig, models: FaceModels, stack: ExitStack) -> None:
        """A pipeline is to recognise people by these models until ``stack`` is closed."""
        seen_by = (models.detector, models.landmarks, *models.liveness, models.embedder)
        one = _Recognition(config, tuple(model.card for model in seen_by if model))
        self._running.append(one)
        stack.callback(self._leave, one)
        self._follow()

    @property
    def embedder(self) -> Card | None:
        """By which people are enrolled now."""
        return self._now.cards[-1] if self._now else None

    @property
    def embedders(self) -> list[Card]:
        """By which people are recognised now, each once."""
        return list({one.cards[-1].files["cpu"].sha256: one.cards[-1] for one in self._running}.values())

    def anew(self) -> None:
        """Make the handlers again: what else they go by has changed. Whatever is being answered goes on as it began."""
        if self._now:
            self._models.close()
            self._handlers.update(self._serve(self._now.config, self._now.cards[-1], self._models))

    def close(self) -> None:
        """Let go of the models."""
        self._models.close()

    def _leave(self, one: _Recognition) -> None:
        self._running.remove(one)
        self._follow()

    def _follow(self) -> None:
        now = self._now
        same = (one for one in self._running if now and one.cards == now.cards)
        wanted = next(same, next(iter(self._running), None))
        if wanted is None or (now and wanted.cards == now.cards and wanted.config == now.config):
            return
        if now and wanted.cards != now.cards:
            log.info("people are enrolled by other models", extra={"embedder": wanted.cards[-1].name})
        self._now = wanted
        self.anew()
