"""ModelExchange: puts another model into a running pipeline between two windows; if it fails, the old one goes on."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edged.inference.files.card import Card, read_card
from edged.inference.model import Model
from edged.messages.sound import HarmonicWindow, KnownWindow
from edged.pipelines.drones import DronesConfig
from edged.runtime.exchange import Exchange, Line
from edged.trial import self_test

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Running:
    """A running pipeline, as far as its model goes."""

    config: DronesConfig
    model: Model
    """The one in use."""
    exchange: Exchange[HarmonicWindow, KnownWindow]
    stages: Callable[[Model], Line[HarmonicWindow, KnownWindow]]
    """Makes the stages for another model; ConfigError where it does not fit."""


class ModelExchange:
    """All its methods are called on one thread, and what it has to do later is done there too."""

    def __init__(
        self,
        pipelines: Mapping[str, Running],
        find: Callable[[str], Path],
        load: Callable[[str], Model],
        adopt: Callable[[str, Model], None],
        retire: Callable[[Model], None],
    ) -> None:
        """``pipelines``: those that run, as they come and go; ``find``: a model's folder; ``load``: ready to run.

        ``adopt(pipeline, model)`` is called when a model has taken over there, ``retire(model)`` when none of the
        pipelines uses or will use a model any longer and no window is in it.
        """
        self._pipelines, self._find, self._load, self._adopt, self._retire = pipelines, find, load, adopt, retire
        self._offers: dict[Running, tuple[Model, Future[None]]] = {}
        self.later: Callable[[Callable[[], None]], None] = lambda action: action()
        """How something is done on that one thread."""
        self.refuse: Callable[[str, str, BaseException], None] = lambda *_: None
        """Told of pipeline, model and why it goes on with the one in use."""

    def renew(self, name: str, wanted: str, loaded: dict[str, Model]) -> None:
        """Offer the wanted model to pipeline ``name``, unless it has it; ``loaded``: those loaded by this request."""
        running = self._pipelines[name]
        has_it = wanted == running.config.model and is_as_loaded(running.model.card, self._find(wanted))
        if has_it and running not in self._offers:
            return
        if not has_it and wanted not in loaded:
            log.info("loading", extra={"model": wanted, "pipeline": name})
            loaded[wanted] = self._load(wanted)
        model = running.model if has_it else loaded[wanted]
        self_test(name, running.config, model)
        answer = running.exchange.offer(running.stages(model))
        self._offers[running] = (model, answer)
        settle = partial(self._settle, name, running, wanted, model)
        answer.add_done_callback(lambda done: self.later(partial(settle, done)))

    def let_go(self, running: Running) -> None:
        """That pipeline has stopped."""
        if running in self._offers:
            self._offers[running][1].cancel()
        self.drop(running.model)

    def withdraw(self) -> None:
        """Take back all that is offered."""
        for _, answer in list(self._offers.values()):
            answer.cancel()

    def drop(self, model: Model) -> None:
        """Retire it, unless a pipeline uses it or is about to."""
        used = [running.model for running in self._pipelines.values()] + [
            offered for offered, _ in self._offers.values()
        ]
        if not any(model is each for each in used):
            self._retire(model)

    def _settle(self, name: str, running: Running, wanted: str, model: Model, answer: "Future[None]") -> None:
        """The pipeline has tried the model, or will not."""
        left = model
        if running in self._offers and self._offers[running][1] is answer:
            del self._offers[running]
        if not answer.cancelled() and self._pipelines.get(name) is running:
            fault = answer.exception()
            if fault is not None:
                self.refuse(name, wanted, fault)
            else:
                left, running.model = running.model, model
                running.config = running.config.model_copy(update={"model": wanted})
                log.info("model changed", extra={"pipeline": name, "model": wanted, "version": model.card.version})
                self._adopt(name, model)
        self.drop(left)


def is_as_loaded(card: Card, folder: Path) -> bool:
    """Whether the card and the files that are in ``folder`` are those of ``card``; ModelError without a card."""
    if read_card(folder) != card:
        return False
    there = [(folder / file.path, file.sha256) for file in card.files.values() if (folder / file.path).is_file()]
    return all(hashlib.sha256(path.read_bytes()).hexdigest() == sha256 for path, sha256 in there)
