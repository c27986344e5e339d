"""The composition root: what starts, in which order, and the same list backwards to stop."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from types import FrameType
from typing import TextIO

from edged.messages.health import State
from edged.messages.sound import Chunk
from edged.messages.wire import ActiveMessage
from edged.models_in_use import ModelsInUse
from edged.outbox import Outbox
from edged.pipelines.drones import DronesConfig, listen
from edged.report import health_message, info_message
from edged.runtime.capture import Capture
from edged.runtime.flow import Pipeline
from edged.runtime.health import Health
from edged.runtime.service_manager import notify
from edged.settings import Settings
from edged.sinks.journal import Journal
from edged.sinks.mqtt import Mqtt
from edged.sources.input_check import InputCheck
from edged.sources.microphone import Microphone, MicrophoneConfig
from edged.sources.recording import Recording

TICK_S = 1.0
QUEUE_CHUNKS = 200
"""Sound that may wait for a pipeline: 10 s at the usual 50 ms a chunk."""
STOP_LIMIT_S = {"source": 1.0, "pipeline": 1.0, "mqtt": 2.0}
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
        self._captures: dict[str, Capture[Chunk]] = {}
        self._threads: list[threading.Thread] = []
        self._mqtt: Mqtt | None = None
        self._outbox = Outbox()
        self._published = (-1, 0.0)

    def run(self) -> int:
        """Run until told to stop or until every source has ended. Returns the exit status: 1 after a failure."""
        with ExitStack() as stack:
            stack.callback(log.info, "stopped")
            self._start_sinks(stack)
            self._start_pipelines(stack)
            self._models.start(self._read, self._tell_info, stack)
            self._start_sources(stack)
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
        if settings.journal.enabled:
            self._outbox.follow(Journal(self._journal))
        if settings.mqtt.enabled:
            self._mqtt = Mqtt(settings.mqtt, settings.device_name, self._outbox, self._health.part("sinks.mqtt"))
            self._outbox.follow(self._mqtt.show_active)
            self._mqtt.start()
            stack.callback(self._mqtt.stop, STOP_LIMIT_S["mqtt"])
            stack.callback(self._publish_health)

    def _start_pipelines(self, stack: ExitStack) -> None:
        for name, config in self._running_pipelines().items():
            if self._mqtt:
                self._mqtt.retain(f"active/{name}", ActiveMessage(active=False, events=[]))
            pipeline = self._build(name, config, stack)
            thread = threading.Thread(target=pipeline.run, name=f"pipeline-{name}", daemon=True)
            thread.start()
            stack.callback(thread.join, STOP_LIMIT_S["pipeline"])
            self._threads.append(thread)

    def _build(self, name: str, config: DronesConfig, stack: ExitStack) -> Pipeline:
        queue = self._capture(config.source).subscribe(QUEUE_CHUNKS, mark_gap=lambda chunk: replace(chunk, gap=True))
        health = self._health.part(f"pipelines.{name}")
        return listen(name, config, queue, self._models.judge(name, config, stack), health, self._outbox)

    def _capture(self, name: str) -> Capture[Chunk]:
        """The one reader of a source, however many pipelines listen to it."""
        if name not in self._captures:
            config, health = self._settings.sources[name], self._health.part(f"sources.{name}")
            source = Microphone(config) if isinstance(config, MicrophoneConfig) else Recording(config)
            self._captures[name] = Capture(name, source, health, InputCheck(config.check, health))
        return self._captures[name]

    def _start_sources(self, stack: ExitStack) -> None:
        for capture in self._captures.values():
            capture.start()
            stack.callback(capture.stop, STOP_LIMIT_S["source"])

    def _running_pipelines(self) -> dict[str, DronesConfig]:
        return {name: pipeline for name, pipeline in self._settings.pipelines.items() if pipeline.enabled}

    def _ready(self) -> None:
        took_s = time.monotonic() - self._began
        sources, pipelines = ", ".join(self._captures), ", ".join(self._running_pipelines())
        log.info("ready", extra={"sources": sources, "pipelines": pipelines, "took_s": f"{took_s:.2f}"})
        self._tell_info()
        self._publish_health()
        notify(f"READY=1\nSTATUS={pipelines or 'nothing'} on {sources or 'nothing'}")

    def _busy(self) -> bool:
        """False once every source has ended and every pipeline has taken what there was."""
        return any(capture.running for capture in self._captures.values()) or any(
            thread.is_alive() for thread in self._threads
        )

    def _tick(self) -> None:
        for capture in self._captures.values():
            capture.check()
        revision, published_s = self._published
        if revision != self._health.revision or time.monotonic() - published_s >= self._settings.health.interval_s:
            self._publish_health()

    def _publish_health(self) -> None:
        self._published = (self._health.revision, time.monotonic())
        if self._mqtt is None:
            return
        message = health_message(self._health, self._outbox, time.monotonic() - self._began)
        self._mqtt.retain("health", message)
        for name in list(self._captures):
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
