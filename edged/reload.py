"""Reloader: takes up a changed configuration while the box runs: one pipeline after the other, the rest undisturbed."""

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol

from edged.errors import EdgedError, first_line
from edged.inference.model import Model
from edged.messages.health import State
from edged.model_exchange import ModelExchange, Running
from edged.pipelines.drones import DronesConfig
from edged.runtime.health import Part
from edged.settings import PipelineConfig, Settings
from edged.settings_in_use import SettingsInUse

log = logging.getLogger(__name__)


class Lines(Protocol):
    """The pipelines that run."""

    @property
    def names(self) -> list[str]: ...

    def config(self, name: str) -> PipelineConfig | None:
        """What pipeline ``name`` runs by; None: it does not."""

    def apply(self, name: str, config: PipelineConfig | None) -> None:
        """Have it run so, or not at all; whatever is raised, it goes on as it was."""

    def restart(self, name: str, config: PipelineConfig | None) -> bool:
        """Begin anew with a pipeline that broke, unless that was done too often."""


class Reloader:
    """Does on a thread of its own whatever changes what runs, so that no two changes meet."""

    def __init__(
        self,
        in_use: SettingsInUse,
        lines: Lines,
        models: ModelExchange,
        running: Callable[[str], Running | None],
        read: Callable[[], Settings],
        health: Part,
        changed: Callable[[], None] = lambda: None,
        reloaded: Callable[[], object] = lambda: None,
        outdated: Callable[[Collection[str]], bool] = lambda _names: False,
    ) -> None:
        """``in_use``: what runs; ``read``: what is wanted now; ``running``: a pipeline as far as its model goes.

        ``changed`` is called when other pipelines run than before, ``reloaded`` when a :meth:`request` is carried out;
        ``outdated``: whether models of these names that are not exchanged have other files by now.
        """
        self._in_use, self._lines, self._models, self._running = in_use, lines, models, running
        self._read, self._health, self._changed, self._reloaded = read, health, changed, reloaded
        self._outdated = outdated
        self._todo: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        models.later, models.refuse = self._todo.put, self._refuse_model
        self._said: dict[str, str] = {}
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reload", daemon=True)

    def start(self) -> None:
        """Be ready for requests."""
        self._health.set(State.OK)
        self._thread.start()

    def request(self) -> None:
        """Read the configuration again and take up what can be. Returns at once; several in a row count as one."""
        if not self._asked.is_set():
            self._asked.set()
            self._todo.put(self._reload_as_requested)

    def reload(self) -> "Future[dict[str, str]]":
        """The same, and why which pipelines (or ``settings``) could not be; whoever waits has a limit of their own."""
        return self._promise(self._reload_and_tell)

    def restart(self, name: str) -> "Future[None]":
        """Stop a pipeline and start it anew."""
        return self._promise(partial(self._exchange, name, lambda: self._lines.apply(name, self._config(name))))

    def broken(self, name: str) -> None:
        """A pipeline has lost item after item. Returns at once."""
        self._todo.put(partial(self._exchange, name, lambda: self._lines.restart(name, self._config(name))))

    def stop(self, limit_s: float) -> None:
        """Take back what is offered and end, waiting ``limit_s`` at most."""
        self._todo.put(self._end)
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def _promise(self, action: Callable[[], Any]) -> "Future[Any]":
        answer: Future[Any] = Future()

        def work() -> None:
            try:
                answer.set_result(action())
            except Exception as fault:  # for whoever asked
                answer.set_exception(fault)

        self._todo.put(work)
        return answer

    def _work(self) -> None:
        while (action := self._todo.get()) is not None:
            try:
                action()
            except Exception as fault:  # of a callback: the box goes on as it was, and can be asked again
                log.exception("reload failed")
                self._say("reload", f"failed: {fault!r}")
            self._show()

    def _end(self) -> None:
        self._models.withdraw()
        self._todo.put(None)

    def _reload_as_requested(self) -> None:
        try:
            self._reload()
        finally:
            self._reloaded()

    def _reload_and_tell(self) -> dict[str, str]:
        self._reload()
        return dict(self._said)

    def _reload(self) -> None:
        self._asked.clear()
        self._said.clear()
        try:
            wanted = self._read()
        except EdgedError as fault:
            self._say("settings", f"cannot be used, everything stays as it was: {first_line(fault)}")
            return
        before = {name: self._config(name) for name in [*self._lines.names, *wanted.pipelines]}
        self._leave_sources(before, wanted)
        for number, words in enumerate(self._in_use.take_up(wanted)):
            self._say(f"settings {number}", words)
        loaded: dict[str, Model] = {}
        for name, now in before.items():
            try:
                self._take_up(name, now, wanted.pipelines.get(name), loaded)
            except Exception as fault:  # whatever is wrong with it, the old one goes on
                self._go_on(name, now, first_line(fault))
        for unused in loaded.values():
            self._models.drop(unused)
        log.info("reloaded", extra={"refused": len(self._said)} if self._said else {})
        self._in_use.set_pipelines(wanted.pipelines | {name: it for name in before if (it := self._lines.config(name))})
        self._changed()

    def _leave_sources(self, before: Mapping[str, PipelineConfig | None], wanted: Settings) -> None:
        """Stop the pipelines of sources that change: no device can be open twice."""
        now = self._in_use.now.sources
        for name, config in before.items():
            if config is not None and wanted.sources.get(config.source) != now.get(config.source):
                self._exchange(name, partial(self._lines.apply, name, None))

    def _go_on(self, name: str, now: PipelineConfig | None, refused: str) -> None:
        """As before, also where it was stopped meanwhile."""
        try:
            if now is not None and self._lines.config(name) is None:
                self._exchange(name, partial(self._lines.apply, name, now))
        except Exception as fault:  # its source is no longer there, say
            refused += f"; nor can that: {first_line(fault)}"
        self._say(name, f"pipelines.{name}: is refused, it goes on as it was: {refused}")

    def _take_up(
        self, name: str, now: PipelineConfig | None, wanted: PipelineConfig | None, loaded: dict[str, Model]
    ) -> None:
        runs = self._lines.config(name) is not None
        wanted = wanted if wanted is not None and wanted.enabled else None
        if not runs or now is None or wanted is None or but_for_model(now) != but_for_model(wanted):
            if runs or wanted is not None:
                self._exchange(name, lambda: self._lines.apply(name, wanted))
        elif isinstance(wanted, DronesConfig):
            try:
                self._models.renew(name, wanted.model, loaded)
            except Exception as fault:  # as above
                self._refuse_model(name, wanted.model, fault)
        elif self._outdated(wanted.models_in_use):
            log.info("new files of its models", extra={"pipeline": name})
            self._exchange(name, lambda: self._lines.apply(name, wanted))

    def _config(self, name: str) -> PipelineConfig | None:
        """What pipeline ``name`` runs by, with the model that it has got since."""
        config, running = self._lines.config(name), self._running(name)
        return config.model_copy(update={"model": running.config.model}) if config and running else config

    def _exchange(self, name: str, work: Callable[[], object]) -> None:
        """Whatever ``work`` puts in the place of pipeline ``name``, the model of the one before is let go."""
        before = self._running(name)
        work()
        if before is not None and before is not self._running(name):
            self._models.let_go(before)
        self._changed()

    def _refuse_model(self, name: str, wanted: str, fault: BaseException) -> None:
        self._say(name, f"pipelines.{name}.model: {wanted} is refused, the one in use goes on: {first_line(fault)}")

    def _say(self, about: str, reason: str) -> None:
        log.warning(reason)
        self._said[about] = reason

    def _show(self) -> None:
        self._health.set(State.DEGRADED if self._said else State.OK, "; ".join(self._said.values()))


def but_for_model(config: PipelineConfig) -> PipelineConfig:
    """The same for all that need not stop to become one another."""
    return config.model_copy(update={"model": ""}) if isinstance(config, DronesConfig) else config
