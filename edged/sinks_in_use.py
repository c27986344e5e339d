"""SinksInUse: where events go, and all else that the box says: outbox, journal, clips, broker, Home Assistant."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import TextIO

from edged import __version__
from edged.announced import Announced
from edged.commands import Audit, Desk, Handler, audit_folder
from edged.confirmations import Confirmations
from edged.control.events_on import EventsOn
from edged.evidence import Evidence
from edged.history_in_use import HistoryInUse
from edged.home_assistant.box import Box, BoxLevel, BoxPipeline
from edged.messages.event import Event
from edged.messages.health import State
from edged.messages.requests import ResponseMessage
from edged.messages.wire import ActiveMessage, EventMessage, HealthMessage, Message
from edged.outbox import Outbox
from edged.outbox.config import outbox_path
from edged.pipelines_in_use import PipelinesInUse
from edged.runtime.health import Health
from edged.runtime.watchdog import Pulse
from edged.settings import PipelineConfig, Settings
from edged.settings_in_use import SettingsInUse
from edged.sinks.event_log import EventLog
from edged.sinks.journal import Journal
from edged.sinks.mqtt import Mqtt
from edged.sinks.mqtt.arrived import Arrived
from edged.sinks.portraits import ImagesConfig, Portraits

STOP_LIMIT_S = {"mqtt": 2.0, "commands": 1.0}
DAY_S = 86400.0


class SinksInUse:
    """Without a broker in the configuration there is no outbox on disk, and what is retained or said goes nowhere."""

    def __init__(
        self,
        in_use: SettingsInUse,
        journal: TextIO,
        health: Health,
        erased: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """``erased``: whose clips and names are to go, by id in the gallery."""
        self._in_use, self._health = in_use, health
        settings = in_use.now
        path = outbox_path(settings.outbox) if settings.mqtt.enabled else None
        self.outbox = Outbox(path, settings.outbox, health.part("outbox"))
        self._confirmations = Confirmations(settings.confirmations, health, self.outbox)
        self._lines, self._journal = Journal(journal), settings.journal
        self.events = EventsOn()
        """Those that are on."""
        self.evidence = Evidence(settings.clips, health, erased)
        self.history = HistoryInUse(settings.history, health, erased)
        self._mqtt: Mqtt | None = None
        if settings.mqtt.enabled:
            expiry_s = settings.outbox.max_age_days * DAY_S
            part = health.part("sinks.mqtt")
            self._mqtt = Mqtt(settings.mqtt, settings.device_name, self.outbox, part, message_expiry_s=expiry_s)
        self._announced: Announced | None = None
        self._handlers: Mapping[str, Handler] = {}
        self._active: set[str] = set()
        self._accelerators: set[str] = set()  # that were there once: what never was, nobody needs to see
        in_use.on_change(self._take_up_confirmations, "confirmations")
        in_use.on_change(self._take_up_journal, "journal")
        in_use.on_change(self._take_up_outbox, "outbox")
        in_use.on_change(self._take_up_mqtt, "mqtt")
        in_use.on_change(self._take_up_commands, "commands")
        in_use.on_change(self._take_up_home_assistant, "home_assistant")

    def start(self, stack: ExitStack) -> None:
        """Take events from now on; ``stack`` sees to it that all that can be sent is sent."""
        self.history.start(stack)  # it ends after the outbox's last words
        stack.callback(self.outbox.close)
        for follower in (self._write_down, EventLog(), self.events, self.evidence, self.history):
            self.outbox.follow(follower)
        self.evidence.start(stack)
        if self._mqtt:
            self.outbox.follow(self._mqtt.show_active)
        self.outbox.end_cut_short()
        if self._mqtt:
            self._mqtt.start()
            stack.callback(self._mqtt.stop, STOP_LIMIT_S["mqtt"])
        else:
            self.outbox.follow(lambda message: self.outbox.acknowledge(message.seq))  # nobody else will

    @property
    def pulses(self) -> Mapping[str, Pulse]:
        """Of the threads that see to it that events go out, by the names of their parts in health."""
        pulses = {"outbox": self.outbox.pulse}
        return pulses | {"sinks.mqtt": self._mqtt.pulse} if self._mqtt else pulses

    @property
    def _settings(self) -> Settings:
        return self._in_use.now

    @property
    def broker(self) -> str | None:
        """Where it is, or is to be; None: there is none in the configuration."""
        return str(self._settings.mqtt.brokers[0]) if self._mqtt else None

    def obey(self, handlers: Mapping[str, Handler], pipelines: PipelinesInUse) -> None:
        """Before :meth:`start`: hear what is asked over MQTT, and tell Home Assistant of the box."""
        if self._mqtt is None:
            return
        self._handlers = handlers
        self._desk = self._make_desk(self._settings)
        self._mqtt.listen(f"{self._mqtt.root}/request/+", self._take)
        box = partial(self._box, self._mqtt.root, pipelines)
        self._announced = Announced(self._settings.home_assistant, self._settings.device_name, self._mqtt, box)

    def answer(self, stack: ExitStack) -> None:
        """When all runs: carry out what is asked."""
        if self._mqtt:
            self._desk.start()
            stack.callback(lambda: self._desk.stop(STOP_LIMIT_S["commands"]))

    def _make_desk(self, settings: Settings) -> Desk:
        part = self._health.part("commands")
        return Desk(settings.commands, self._handlers, self._respond, Audit(audit_folder(), part), part)

    def _take_up_journal(self, settings: Settings) -> None:
        self._journal = settings.journal

    def _take_up_outbox(self, settings: Settings) -> None:
        self.outbox.use(settings.outbox)
        if self._mqtt:
            self._mqtt.expire_after(settings.outbox.max_age_days * DAY_S)

    def _write_down(self, message: EventMessage) -> None:
        if self._journal.enabled:
            self._lines(message)

    def _take_up_mqtt(self, settings: Settings) -> None:
        if self._mqtt:
            self._mqtt.use(settings.mqtt)

    def _take_up_commands(self, settings: Settings) -> None:
        if self._mqtt:
            before, self._desk = self._desk, self._make_desk(settings)
            self._desk.start()
            before.stop(STOP_LIMIT_S["commands"])

    def _take_up_home_assistant(self, settings: Settings) -> None:
        if self._announced:
            self._announced.use(settings.home_assistant)

    def _take_up_confirmations(self, settings: Settings) -> None:
        self._confirmations.use(settings.confirmations)
        self._show(settings.confirmations)

    def of_pipeline(self, name: str, images: ImagesConfig | None) -> list[Callable[[Event], None]]:
        """What the events of pipeline ``name`` go into; ``images``: which pictures are published with them."""
        self._show((name, *self._settings.confirmations))
        if images is None or not images.enabled:
            return [self.outbox, self._confirmations]
        return [self.outbox, self._confirmations, Portraits(images, self.say, self._health.part(f"pipelines.{name}"))]

    def _show(self, names: Iterable[str]) -> None:
        """Of each, once, that nothing is on: until its first event whoever looks would see nothing at all."""
        for name in names:
            if name not in self._active:
                self._active.add(name)
                self.retain(f"active/{name}", ActiveMessage(active=False, events=[]))

    def retain(self, topic: str, message: Message | str) -> None:
        """The latest word on ``topic``, below the box's root."""
        if self._mqtt:
            self._mqtt.retain(topic, message)

    def tell_health(self, message: HealthMessage) -> None:
        """How the box is, and which of its sources are there."""
        self.retain("health", message)
        self.history(message)
        for name in self._settings.sources:
            if part := message.parts.get(f"sources.{name}"):
                self.tell_available(name, there=part.state in {State.OK, State.DEGRADED})

    def tell_available(self, part: str, *, there: bool, accelerator: bool = False) -> None:
        """Whether a source, or an accelerator, is there."""
        if accelerator and there:
            self._accelerators.add(part)
        self.retain(f"availability/{part}", "online" if there else "offline")

    def say(self, topic: str, payload: bytes | Message) -> bool:
        """Now or never; False: never."""
        return self._mqtt is not None and self._mqtt.say(topic, payload)

    def changed(self, running: Collection[str]) -> None:
        """The box has got something, or has something no longer; ``running``: the pipelines that run, or should."""
        self._confirmations.look(running)
        for gone in self._active - {*running, *self._settings.pipelines, *self._settings.confirmations}:
            self._active.remove(gone)
            self._health.remove(f"pipelines.{gone}")
            self.retain(f"active/{gone}", "")
        if self._announced:
            self._announced.refresh()

    def tick(self) -> None:
        """Called every second."""
        if self._announced:
            self._announced.tick()

    def _take(self, arrived: Arrived) -> None:
        self._desk.take(arrived.topic.rpartition("/")[2], arrived.payload, arrived.retained)

    def _respond(self, command: str, message: ResponseMessage) -> None:
        self.say(f"response/{command}", message)

    def _box(self, root: str, running: PipelinesInUse) -> Box:
        settings, on = self._settings, running.names

        def pipeline(name: str, config: PipelineConfig) -> BoxPipeline:
            calibrated = getattr(settings.sources.get(config.source), "calibration_db", None) is not None
            level = BoxLevel(config.level_interval_s, calibrated) if config.level_interval_s else None
            return BoxPipeline(config.kind, config.source, name in on, level)

        return Box(
            device=settings.device_name,
            name=settings.device_name,
            area=settings.location or settings.site,
            version=__version__,
            root=root,
            health_interval_s=settings.health.interval_s,
            pipelines={name: pipeline(name, config) for name, config in settings.pipelines.items()},
            confirmations=tuple(settings.confirmations),
            sources={name: config.type for name, config in settings.sources.items()},
            accelerators=tuple(sorted(self._accelerators)),
            commands=frozenset(settings.commands.allowed),
        )
