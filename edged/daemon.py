"""The composition root: what starts, in which order, and the same list backwards to stop."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import TextIO

from edged.captures import Captures
from edged.messages.health import State
from edged.messages.wire import ActiveMessage
from edged.models_in_use import ModelsInUse
from edged.outbox import Outbox
from edged.outbox.config import outbox_path
from edged.people_in_use import PeopleInUse
from edged.pipelines.drones import listen
from edged.pipelines.faces import FacesConfig, face_models, faces
from edged.report import health_message, info_message
from edged.runtime.flow import Pipeline
from edged.runtime.health import Health
from edged.runtime.service_manager import notify
from edged.settings import PipelineConfig, Settings
from edged.sinks.journal import Journal
from edged.sinks.mqtt import Mqtt

TICK_S = 1.0
STOP_LIMIT_S = {"pipeline": 1.0, "mqtt": 2.0}
"""How long each step of stopping may take; 5 s in all."""

log = logging.getLogger(__name__)


class Daemon:
    """A whole box: sinks, models, sources and pipelines, as the settings have them."""

    def __init__(self, settings: Settings, journal: TextIO, read: Callable[[], Settings] | None = None) -> None:
        """``read`` gives the settings anew at a SIGHUP; without it they stay as they are."""
        self._settings, self._journal = settings, journal
        self._read = read or (lambda: settings)
        self._began = time.monotonic()
        self._stopping = threading.Event()
        self._health = Health()
        self._models = ModelsInUse(settings, self._health, self._announce)
        self._captures = Captures(settings.sources, self._health)
        self._people = PeopleInUse(settings, self._health, self._models.keep, self._captures.watch)
        self._threads: list[threading.Thread] = []
        self._mqtt: Mqtt | None = None
        path = outbox_path(settings.outbox) if settings.mqtt.enabled else None
        self._outbox = Outbox(path, settings.outbox, self._health.part("outbox"))
        self._published = (-1, 0.0)

    def run(self) -> int:
        """Run until told to stop or until every source has ended. Returns the exit status: 1 after a failure."""
        with ExitStack() as stack:
            stack.callback(log.info, "stopped")
            self._start_sinks(stack)
            self._start_pipelines(stack)
            self._models.start(self._read, self._tell_info, stack)
            self._captures.start(stack)
            self._ready()
            while not self._stopping.wait(TICK_S) and self._busy():
                self._tick()
            notify("STOPPING=1")
            log.info("stopping")
            told_to = self._stopping.is_set()
        return 0 if told_to or self._health.state() is not State.FAILING else 1

    def obey_signals(self) -> None:
        """SIGTERM and SIGINT stop cleanly, the second one at once; SIGHUP takes up changed models."""

        def stop(number: int, _frame: FrameType | None) -> None:
            if self._stopping.is_set():
                os._exit(128 + number)
            self._stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGHUP, lambda *_: self._models.reload())

    def _start_sinks(self, stack: ExitStack) -> None:
        settings = self._settings
        stack.callback(self._outbox.close)
        if settings.journal.enabled:
            self._outbox.follow(Journal(self._journal))
        if settings.mqtt.enabled:
            self._mqtt = Mqtt(settings.mqtt, settings.device_name, self._outbox, self._health.part("sinks.mqtt"))
            self._outbox.follow(self._mqtt.show_active)
            self._mqtt.start()
            stack.callback(self._mqtt.stop, STOP_LIMIT_S["mqtt"])
            stack.callback(self._publish_health)
        else:
            self._outbox.follow(lambda message: self._outbox.acknowledge(message.seq))  # nobody else will

    def _start_pipelines(self, stack: ExitStack) -> None:
        for name, config in self._running_pipelines().items():
            if self._mqtt:
                self._mqtt.retain(f"active/{name}", ActiveMessage(active=False, events=[]))
            pipeline = self._build(name, config, stack)
            thread = threading.Thread(target=pipeline.run, name=f"pipeline-{name}", daemon=True)
            thread.start()
            stack.callback(thread.join, STOP_LIMIT_S["pipeline"])
            self._threads.append(thread)

    def _build(self, name: str, config: PipelineConfig, stack: ExitStack) -> Pipeline:
        health = self._health.part(f"pipelines.{name}")
        if isinstance(config, FacesConfig):
            models = face_models(config, self._models.keep)
            search = self._people.search(config, models, stack)
            pictures = self._captures.pictures(config.source)
            return faces(name, config, pictures, models, search, health, self._outbox)
        judge = self._models.judge(name, config, stack)
        return listen(name, config, self._captures.sound(config.source), judge, health, self._outbox)

    def _running_pipelines(self) -> dict[str, PipelineConfig]:
        return {name: pipeline for name, pipeline in self._settings.pipelines.items() if pipeline.enabled}

    def _ready(self) -> None:
        took_s = time.monotonic() - self._began
        sources, pipelines = ", ".join(self._captures.names), ", ".join(self._running_pipelines())
        log.info("ready", extra={"sources": sources, "pipelines": pipelines, "took_s": f"{took_s:.2f}"})
        self._tell_info()
        self._publish_health()
        notify(f"READY=1\nSTATUS={pipelines or 'nothing'} on {sources or 'nothing'}")

    def _busy(self) -> bool:
        """False once every source has ended and every pipeline has taken what there was."""
        return self._captures.running or any(thread.is_alive() for thread in self._threads)

    def _tick(self) -> None:
        self._captures.check()
        revision, published_s = self._published
        if revision != self._health.revision or time.monotonic() - published_s >= self._settings.health.interval_s:
            self._publish_health()

    def _publish_health(self) -> None:
        self._published = (self._health.revision, time.monotonic())
        if self._mqtt is None:
            return
        message = health_message(self._health, self._outbox, time.monotonic() - self._began)
        self._mqtt.retain("health", message)
        for name in self._captures.names:
            state = message.parts[f"sources.{name}"].state
            self._mqtt.retain(f"availability/{name}", "online" if state in {State.OK, State.DEGRADED} else "offline")

    def _tell_info(self) -> None:
        if self._mqtt:
            devices = self._models.accelerators.devices
            self._mqtt.retain("info", info_message(self._settings, self._models.in_use(), devices))

    def _announce(self, accelerator: str, there: bool) -> None:
        if self._mqtt:
            self._mqtt.retain(f"availability/{accelerator}", "online" if there else "offline")
            self._tell_info()
        self._publish_health()  # now: it may be back before the next tick
