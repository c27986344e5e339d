"""Takers: the parts of a running box that take up other settings, each what concerns it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edged.captures import Captures
from edged.guards import Guards
from edged.metrics.metrics import Metrics
from edged.models_in_use import ModelsInUse
from edged.people_in_use import PeopleInUse
from edged.runtime import logs
from edged.runtime.flapping import Damping
from edged.runtime.health import Health
from edged.runtime.telling import Telling
from edged.settings import Settings, folders_written
from edged.settings_in_use import SettingsInUse
from edged.sinks_in_use import SinksInUse


@dataclass(frozen=True, slots=True)
class Takers:
    """What sinks take up, they see to themselves, but for what is kept: the disk under it is watched."""

    captures: Captures
    models: ModelsInUse
    sinks: SinksInUse
    people: PeopleInUse
    guards: Guards
    metrics: Metrics
    telling: Telling
    health: Health
    serve: Callable[[Settings], None]
    """Answers at the control socket, from now on as they have it."""

    def follow(self, in_use: SettingsInUse) -> None:
        """Have each told when something is wanted otherwise."""
        in_use.on_change(self._sources, "sources")
        in_use.on_change(self._turns, "accelerator.turns")
        in_use.on_change(self._clips, "clips")
        in_use.on_change(self._history, "history")
        in_use.on_change(self._guards, "guards")
        in_use.on_change(self.people.use, "gallery", "enrolment")
        in_use.on_change(lambda wanted: self.metrics.use(wanted.metrics.prometheus), "metrics")
        in_use.on_change(self.serve, "control")
        in_use.on_change(self._health, "health")
        in_use.on_change(lambda wanted: logging.getLogger().setLevel(wanted.log.level.upper()), "log.level")
        in_use.on_change(lambda wanted: logs.set_up(wanted.log), "log.format")
        in_use.on_change(lambda _: None, "site", "location")  # whoever tells them reads them each time

    def _sources(self, wanted: Settings) -> None:
        for name in self.captures.use(wanted.sources):
            self.sinks.retain(f"availability/{name}", "")

    def _turns(self, wanted: Settings) -> None:
        self.models.turns = wanted.accelerator.turns

    def _clips(self, wanted: Settings) -> None:
        self.sinks.evidence.use(wanted.clips)
        self._guards(wanted)

    def _history(self, wanted: Settings) -> None:
        self.sinks.history.use(wanted.history)
        self._guards(wanted)

    def _guards(self, wanted: Settings) -> None:
        self.guards.use(wanted.guards, folders_written(wanted))

    def _health(self, wanted: Settings) -> None:
        self.telling.interval_s = wanted.health.interval_s
        self.health.use(Damping(times=wanted.health.flaps))
