"""Reloader: takes up a changed configuration while the box runs, as far as that is about which models are used."""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from edged.errors import EdgedError
from edged.inference.files.card import Card, read_card
from edged.inference.model import Model
from edged.messages.health import State
from edged.messages.sound import HarmonicWindow, KnownWindow
from edged.pipelines.drones import DronesConfig
from edged.runtime.exchange import Exchange, Line
from edged.runtime.health import Part
from edged.settings import Settings
from edged.trial import self_test

log = logging.getLogger(__name__)


def changed_keys(old: Any, new: Any, above: str = "") -> Iterator[str]:
    """The dotted keys at which two configurations, as plain mappings, differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from changed_keys(old.get(key), new.get(key), f"{above}.{key}" if above else key)
    elif old != new:
        yield above


def is_as_loaded(card: Card, folder: Path) -> bool:
    """Whether the card and the files that are in ``folder`` are those of ``card``; ModelError without a card."""
    if read_card(folder) != card:
        return False
    there = [(folder / file.path, file.sha256) for file in card.files.values() if (folder / file.path).is_file()]
    return all(hashlib.sha256(path.read_bytes()).hexdigest() == sha256 for path, sha256 in there)


@dataclass(slots=True)
class Running:
    """A running pipeline, as far as its model goes."""

    config: DronesConfig
    model: Model
    """The one in use."""
    exchange: Exchange[HarmonicWindow, KnownWindow]
    stages: Callable[[Model], Line[HarmonicWindow, KnownWindow]]
    """Makes the stages for another model; ConfigError where it does not fit."""


class Reloader:
    """Loads new models beside the old, on a thread of its own, and sees to it that nothing is lost if they fail."""

    def __init__(
        self,
        settings: Settings,
        pipelines: Mapping[str, Running],
        read: Callable[[], Settings],
        find: Callable[[str], Path],
        load: Callable[[str], Model],
        health: Part,
        adopt: Callable[[str, Model], None],
        retire: Callable[[Model], None],
    ) -> None:
        """``settings``: what runs; ``read``: what is wanted now; ``find``: a model's folder; ``load``: ready to run.

        Called on the reloader's thread: ``adopt(pipeline, model)`` when a model has taken over there, ``retire(model)``
        when none of the pipelines uses or will use a model any longer and no window is in it.
        """
        self._settings, self._pipelines = settings, dict(pipelines)
        self._read, self._find, self._load = read, find, load
        self._health, self._adopt, self._retire = health, adopt, retire
        self._offers: dict[str, tuple[Model, Future[None]]] = {}
        self._said: dict[str, str] = {}
        self._asked = threading.Event()
        self._todo: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="reload", daemon=True)

    def start(self) -> None:
        """Be ready for requests."""
        self._health.set(State.OK)
        self._thread.start()

    def request(self) -> None:
        """Read the configuration again and take up what can be. Returns at once; several in a row count as one."""
        if not self._asked.is_set():
            self._asked.set()
            self._todo.put(self._reload)

    def stop(self, limit_s: float) -> None:
        """Take back what is offered and end, waiting ``limit_s`` at most."""
        self._todo.put(self._end)
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def _work(self) -> None:
        while (action := self._todo.get()) is not None:
            try:
                action()
            except Exception as fault:  # of a callback: the box goes on as it was, and can be asked again
                log.exception("reload failed")
                self._say("reload", f"failed: {fault!r}")

    def _end(self) -> None:
        for _, answer in list(self._offers.values()):
            answer.cancel()
        self._todo.put(None)

    def _reload(self) -> None:
        self._asked.clear()
        self._said.clear()
        try:
            wanted = self._read()
        except EdgedError as fault:
            self._say("settings", f"cannot be used, everything stays as it was: {first_line(fault)}")
            return
        keys = list(changed_keys(self._settings.model_dump(), wanted.model_dump()))
        if rest := [key for key in keys if key not in {f"pipelines.{name}.model" for name in self._pipelines}]:
            self._say("settings", f"needs a restart: {', '.join(rest)}")
        loaded: dict[str, Model] = {}
        for name, running in self._pipelines.items():
            there = wanted.pipelines.get(name)
            model = there.model if isinstance(there, DronesConfig) else running.config.model
            try:
                self._renew(name, running, model, loaded)
            except Exception as fault:  # whatever is wrong with it, the old one goes on
                self._refuse(name, model, fault)
        for unused in loaded.values():
            self._drop(unused)
        self._show()

    def _renew(self, name: str, running: Running, wanted: str, loaded: dict[str, Model]) -> None:
        """Offer the wanted model to the pipeline, unless it has it."""
        has_it = wanted == running.config.model and is_as_loaded(running.model.card, self._find(wanted))
        if has_it and name not in self._offers:
            return
        if not has_it and wanted not in loaded:
            log.info("loading", extra={"model": wanted, "pipeline": name})
            loaded[wanted] = self._load(wanted)
        model = running.model if has_it else loaded[wanted]
        self_test(name, running.config, model)
        answer = running.exchange.offer(running.stages(model))
        self._offers[name] = (model, answer)
        answer.add_done_callback(lambda done: self._todo.put(partial(self._settle, name, wanted, model, done)))

    def _settle(self, name: str, wanted: str, model: Model, answer: "Future[None]") -> None:
        """The pipeline has tried the model, or will not."""
        running, left = self._pipelines[name], model
        if name in self._offers and self._offers[name][1] is answer:
            del self._offers[name]
        if not answer.cancelled():
            fault = answer.exception()
            if fault is not None:
                self._refuse(name, wanted, fault)
            else:
                left, running.model = running.model, model
                running.config = running.config.model_copy(update={"model": wanted})
                log.info("model changed", extra={"pipeline": name, "model": wanted, "version": model.card.version})
                self._adopt(name, model)
        self._drop(left)
        self._show()

    def _drop(self, model: Model) -> None:
        """Retire it, unless a pipeline uses it or is about to."""
        used = [running.model for running in self._pipelines.values()] + [
            offered for offered, _ in self._offers.values()
        ]
        if not any(model is each for each in used):
            self._retire(model)

    def _refuse(self, name: str, wanted: str, fault: BaseException) -> None:
        self._say(name, f"pipelines.{name}.model: {wanted} is refused, the one in use goes on: {first_line(fault)}")

    def _say(self, about: str, reason: str) -> None:
        log.warning(reason)
        self._said[about] = reason
        self._show()

    def _show(self) -> None:
        self._health.set(State.DEGRADED if self._said else State.OK, "; ".join(self._said.values()))


def first_line(fault: BaseException) -> str:
    """What a person must know; a bug by its name."""
    return str(fault).partition("\n")[0] if isinstance(fault, EdgedError) else repr(fault)
