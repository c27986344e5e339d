"""HistoryInUse: the history of a running box, begun, told its limits and ended while it runs."""

from collections.abc import Callable, Collection
from contextlib import ExitStack

from edged.history import History, HistoryConfig, history_path
from edged.messages.wire import EventMessage, HealthMessage
from edged.runtime.health import Health

STOP_LIMIT_S = 1.0
CHANGE_LIMIT_S = 10.0
"""For what waits to be written, where another history begins: nothing waits for that but the reloader."""


class HistoryInUse:
    """Keeps one as long as one is wanted. One thread at a time may change it; messages come on any thread."""

    def __init__(self, config: HistoryConfig, health: Health, erased: Callable[[], Collection[str]] = tuple) -> None:
        """``erased``: whose names are to go, by id in the gallery."""
        self._config, self._health, self._erased = config, health, erased
        self._history = self._make(config)

    def __call__(self, message: EventMessage | HealthMessage) -> None:
        """An event that is to be kept, or how the box is. Returns at once."""
        if history := self._history:
            history(message)

    def start(self, stack: ExitStack) -> None:
        """Begin to write; ``stack`` ends it."""
        if self._history:
            self._history.start()
        stack.callback(self._stop)

    def use(self, config: HistoryConfig) -> None:
        """From now on keep so much of it, there, or none. One that ends has its last word: edged stops, it reads."""
        before, there_before = self._history, history_path(self._config)
        self._config = config
        if before and config.enabled and history_path(config) == there_before:
            before.use(config)
            return
        self._history = self._make(config)
        if before:
            before.stop(CHANGE_LIMIT_S)
        if self._history:
            self._history.start()
        else:
            self._health.remove("history")

    def _make(self, config: HistoryConfig) -> History | None:
        return History(config, self._health.part("history"), erased=self._erased) if config.enabled else None

    def _stop(self) -> None:
        if self._history:
            self._history.stop(STOP_LIMIT_S)
