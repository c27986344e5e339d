"""Confirmations: has what the pipelines tell looked at by each rule, and tells where they agree."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from edged.confirm_events import ConfirmationConfig, ConfirmEvents
from edged.messages.event import Event
from edged.messages.health import State
from edged.runtime.health import Health
from edged.stages.hold_back import HoldBack


class _Rule(NamedTuple):
    config: ConfirmationConfig
    confirm: ConfirmEvents
    hold_back: HoldBack


class Confirmations:
    """Called with each event, on the pipelines' own threads, after it has been accepted. Thread-safe."""

    def __init__(
        self, rules: Mapping[str, ConfirmationConfig], health: Health, accept: Callable[[Event], None]
    ) -> None:
        """``accept`` takes what is confirmed."""
        self._health, self._accept, self._lock = health, accept, threading.Lock()
        self._rules: dict[str, _Rule] = {}
        self._running: Collection[str] | None = None
        self.use(rules)

    def use(self, rules: Mapping[str, ConfirmationConfig]) -> None:
        """From now on these are the rules; what is confirmed by one that has changed, or is gone, ends."""
        with self._lock:
            before = self._rules
            self._rules = {name: self._rule(name, config) for name, config in rules.items()}
            for name, rule in before.items():
                if self._rules.get(name) is not rule:
                    self._publish(rule, rule.confirm.finish())
        for name in before.keys() - rules.keys():
            self._health.remove(f"pipelines.{name}")
        self._tell()

    def look(self, running: Collection[str]) -> None:
        """These pipelines are to run: of a rule that needs another one, health says what it waits for."""
        self._running = running
        self._tell()

    def _tell(self) -> None:
        for name, rule in list(self._rules.items()):
            needed = dict.fromkeys(condition.pipeline for condition in rule.config.all)
            missing = [one for one in needed if self._running is not None and one not in self._running]
            part = self._health.part(f"pipelines.{name}")
            part.set(
                State.OFF if missing else State.OK,
                f"waits for pipelines that are off: {', '.join(missing)}" if missing else "",
            )

    def __call__(self, event: Event) -> None:
        """An event of any pipeline."""
        with self._lock:  # held while they are accepted, too: start before end
            for rule in self._rules.values():
                self._publish(rule, rule.confirm(event))

    def _rule(self, name: str, config: ConfirmationConfig) -> _Rule:
        """As it is, if it has not changed."""
        if name in self._rules and self._rules[name].config == config:
            return self._rules[name]
        part = self._health.part(f"pipelines.{name}")
        return _Rule(config, ConfirmEvents(config, name), HoldBack(config.publish, part))

    def _publish(self, rule: _Rule, events: Iterable[Event]) -> None:
        for event in events:
            for published in rule.hold_back(event):
                self._accept(published)
