"""The composition root: what starts, in which order, and the same list backwards to stop."""

import logging
import os
import signal
import time
from collections import ChainMap
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import FrameType
from typing import TextIO

from edged.builder import Builder
from edged.captures import Captures
from edged.changes import Changes
from edged.control.serving import serve
from edged.control.status import status
from edged.guards import Step, guards_of
from edged.messages.health import State
from edged.messages.wire import HealthMessage, InfoMessage
from edged.metrics.metrics import Metrics
from edged.models_in_use import ModelsInUse
from edged.people_in_use import PeopleInUse
from edged.pipelines_in_use import Built, PipelinesInUse
from edged.reload import Reloader
from edged.remote import Remote
from edged.report import health_message, info_message
from edged.runtime import logs
from edged.runtime.event_counts import EventCounts
from edged.runtime.flapping import Damping
from edged.runtime.health import Health
from edged.runtime.heap import Tidy, settle
from edged.runtime.service_manager import Status, notify, reloading, starting
from edged.runtime.stop_flag import StopFlag
from edged.runtime.telling import Telling
from edged.runtime.watchdog import STOP_WITHIN_S, Pulse, Switch, make_watchdog
from edged.sentence import sentence
from edged.settings import PipelineConfig, Settings, folders_written
from edged.settings_in_use import SettingsInUse
from edged.shares import steps_of
from edged.sinks_in_use import SinksInUse
from edged.takers import Takers

RELOAD_LIMIT_S = 1.0
"""For the reloader to end, when all stops."""
GUARDS_LIMIT_S = 0.5

log = logging.getLogger(__name__)


class Daemon:
    """A whole box: sinks, models, sources and pipelines, as the settings have them."""

    def __init__(self, settings: Settings, journal: TextIO, read: Callable[[], Settings], changes: Changes) -> None:
        """``read`` gives the settings anew, with the ``changes`` by command laid over them, as in ``settings``."""
        self._in_use, self._changes = SettingsInUse(settings), changes
        self._began = time.monotonic()
        self._stopping = StopFlag()
        self.restarting = False
        """Whether it stopped in order to begin anew."""
        self._health = Health(damping=Damping(times=settings.health.flaps))
        self._sinks = SinksInUse(self._in_use, journal, self._health, lambda: self._people.erased())  # noqa: PLW0108  # made below
        self._models = ModelsInUse(settings, self._health, self._announce, self._tell_info)
        self._captures = Captures(settings.sources, self._health)
        self._people = PeopleInUse(settings, self._health, self._models.keep, self._captures.watch)
        self._pipelines = PipelinesInUse(self._build, self._health, lambda name: self._reloader.broken(name))  # noqa: PLW0108  # made below
        models, part = self._models, self._health.part("settings")
        self._reloader = Reloader(
            self._in_use,
            self._pipelines,
            models.exchange,
            models.running.get,
            read,
            part,
            self._tell_info,
            lambda: notify("READY=1"),
            models.outdated,
        )
        self._sinks.obey(self._remote(read).handlers, self._pipelines)
        self._guards = guards_of(settings.guards, folders_written(settings), self._what_can_wait(), self._health)
        self._status = Status()
        self._watchdog = make_watchdog(self._pulses, self._health)
        self._telling, self._tidy = Telling(settings.health.interval_s), Tidy()
        self._metrics = Metrics(settings.metrics.prometheus, self._health, self._health_message)
        self._control = ExitStack()
        self._takers().follow(self._in_use)

    def run(self) -> int:
        """Run until told to stop or until every source has ended. Returns the exit status: 1 after a failure."""
        with ExitStack() as stack:
            stack.callback(Switch.release)
            stack.callback(self._tell_stopped)
            self._start(stack)
            if not self._stopping.is_set():
                self._ready()
            while not self._stopping.wait(self._watchdog.tick_s) and self._busy():
                self._tick()
            failed = self._health.state() is State.FAILING
            Switch(STOP_WITHIN_S)()
            notify(f"{reloading() if self.restarting else 'STOPPING=1'}\nWATCHDOG=1")
            log.info("stopping")
        return 1 if failed and not self._stopping.is_set() else 0

    def obey_signals(self) -> None:
        """SIGTERM and SIGINT stop cleanly, the second one at once; SIGHUP takes up a changed configuration."""

        def stop(number: int, _frame: FrameType | None) -> None:
            if self._stopping.is_set():
                os._exit(128 + number)
            Switch(STOP_WITHIN_S)()  # also where it is still starting, or stuck
            self._stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGHUP, lambda *_: self._reload())

    def _reload(self) -> None:
        notify(reloading())
        self._reloader.request()

    def _start(self, stack: ExitStack) -> None:
        self._sinks.outbox.follow(EventCounts(self._health))
        self._sinks.start(stack)
        self._metrics.start()
        stack.callback(self._metrics.stop)
        stack.callback(self._publish_health)
        self._people.start(stack)
        stack.callback(self._pipelines.stop)
        for name, config in self._settings.pipelines.items():
            if self._stopping.is_set():
                return
            notify(starting(f"loads what {name} needs"))
            self._pipelines.apply(name, config)
        self._models.start(stack)
        self._reloader.start()
        stack.callback(self._reloader.stop, RELOAD_LIMIT_S)
        self._guards.start()
        stack.callback(self._guards.stop, GUARDS_LIMIT_S)
        self._captures.start(stack)
        self._sinks.answer(stack)
        self._serve(self._settings)
        stack.callback(self._control.close)

    @property
    def _settings(self) -> Settings:
        return self._in_use.now

    def _takers(self) -> Takers:
        captures, sinks, people, guards = self._captures, self._sinks, self._people, self._guards
        return Takers(
            captures, self._models, sinks, people, guards, self._metrics, self._telling, self._health, self._serve
        )

    def _serve(self, settings: Settings) -> None:
        """Answer at the control socket; whoever asks at the one before is cut off."""
        asked = status(self._info_message, self._health_message, logs.recent, self._sinks.events.now)
        handlers = ChainMap(asked, self._people.handlers)
        self._control.close()
        serve(settings.control, handlers, self._health.part("control"), self._control)

    def _what_can_wait(self) -> tuple[Step, ...]:
        """What the box leaves undone under heat or overload, the first first; sound never."""
        shadows = Step("shadow models", "paused", self._models.pause_shadows, lambda: self._models.has_shadows)
        return (*steps_of(self._captures.shares), shadows)

    def _build(self, name: str, config: PipelineConfig, stack: ExitStack) -> Built:
        return Builder(self._health, self._captures, self._models, self._people, self._sinks)(name, config, stack)

    def _remote(self, read: Callable[[], Settings]) -> Remote:
        return Remote(
            read,
            self._changes,
            self._reloader,
            self._models,
            lambda: self._people.handlers,
            lambda: self._sinks.evidence.clips,
            self._health_message,
            self._info_message,
            self._restart,
        )

    def _ready(self) -> None:
        took_s = time.monotonic() - self._began
        pipelines = ", ".join(self._pipelines.names) or "nothing"
        sources = ", ".join(dict.fromkeys(self._settings.pipelines[name].source for name in self._pipelines.names))
        log.info("ready", extra={"sources": sources, "pipelines": pipelines, "took_s": f"{took_s:.2f}"})
        self._tell_info()
        self._publish_health()
        notify("READY=1")
        settle()

    def _busy(self) -> bool:
        """False once every source has ended and every pipeline has taken what there was."""
        return self._captures.running or self._pipelines.busy

    def _pulses(self) -> Mapping[str, Pulse]:
        return {**self._pipelines.pulses, **self._sinks.pulses}

    def _tick(self) -> None:
        if stuck := self._captures.check():
            log.error("a driver holds too many reads; edged begins anew", extra={"sources": ", ".join(stuck)})
            self._restart()
        self._pipelines.check()
        self._sinks.tick()
        self._metrics.tick()
        self._watchdog.tick()
        self._tell_status()
        self._publish_if_due()
        self._tidy.tick()

    def _publish_if_due(self) -> None:
        if self._telling.due(self._health.revision):
            self._publish_health()

    def _tell_status(self) -> None:
        running = [config for name in self._pipelines.names if (config := self._pipelines.config(name))]
        sinks, parts = self._sinks, self._health.parts()
        self._status.tell(sentence(running, parts, len(sinks.events.now()), len(sinks.outbox), sinks.broker))

    def _tell_stopped(self) -> None:
        waiting = len(self._sinks.outbox) if self._sinks.broker else 0
        log.info("stopped", extra={"wait_on_disk_for_the_broker": waiting})

    def _publish_health(self) -> None:
        self._sinks.tell_health(self._health_message())

    def _health_message(self) -> HealthMessage:
        return health_message(self._health, self._sinks.outbox, time.monotonic() - self._began)

    def _info_message(self) -> InfoMessage:
        devices, running = self._models.accelerators.devices, self._pipelines.names
        return info_message(self._settings, self._models.in_use(), devices, running, self._changes.values)

    def _tell_info(self) -> None:
        self._sinks.retain("info", self._info_message())
        self._sinks.changed(self._pipelines.names)

    def _announce(self, accelerator: str, there: bool) -> None:
        self._sinks.tell_available(accelerator, there=there, accelerator=True)
        self._tell_info()
        self._publish_if_due()  # now: it may be back before the next tick

    def _restart(self) -> None:
        self.restarting = True
        self._stopping.set()
