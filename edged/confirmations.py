"""Confirmations: has what the pipelines tell looked at by each rule, and tells where they agree."""

import threading
from collections.abc import Callable, Mapping

from edged.confirm_events import ConfirmationConfig, ConfirmEvents
from edged.messages.event import Event
from edged.messages.health import State
from edged.runtime.health import Health
from edged.stages.hold_back import HoldBack


class Confirmations:
    """Called with each event, on the pipelines' own threads, after it has been accepted. Thread-safe."""

    def __init__(
        self, rules: Mapping[str, ConfirmationConfig], health: Health, accept: Callable[[Event], None]
    ) -> None:
        """``accept`` takes what is confirmed."""
        self._health, self._accept, self._lock = health, accept, threading.Lock()
        self.use(rules)

    def use(self, rules: Mapping[str, ConfirmationConfig]) -> None:
        """From now on these are the rules; a confirmation that is on under a rule that has changed has no end."""
        with self._lock:
            self._rules = [
                (ConfirmEvents(config, name), HoldBack(config.publish, self._health.part(f"pipelines.{name}")))
                for name, config in rules.items()
            ]
        for name in rules:
            self._health.part(f"pipelines.{name}").set(State.OK)

    def __call__(self, event: Event) -> None:
        """An event of any pipeline."""
        with self._lock:  # held while they are accepted, too: start before end
            for confirm, hold_back in self._rules:
                for confirmed in confirm(event):
                    for published in hold_back(confirmed):
                        self._accept(published)
