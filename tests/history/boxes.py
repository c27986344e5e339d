"""A history that is stepped by hand, with clocks of its own, and what it holds."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from edged.errors import EdgedError
from edged.history import History, HistoryConfig
from edged.history.filter import Filter
from edged.history.reader import reading
from edged.messages.event import Phase
from edged.messages.wire import EventMessage, event_message
from edged.runtime.health import Health
from tests.events import an_event

EPOCH_S = 1_700_000_000.0


def a_message(
    phase: Phase = Phase.START, number: int = 0, seq: int = 1, *, cut_short: bool = False, **changes: Any
) -> EventMessage:
    message = event_message(an_event(phase, number, **changes), seq, EPOCH_S + 60)
    return message.model_copy(update={"cut_short": cut_short})


class Box:
    """What a box has of it: nothing sleeps, ``pass_s`` moves both clocks."""

    def __init__(self, folder: Path, *, synchronised: bool | None = True, **config: Any) -> None:
        self.path = folder / "history.sqlite3"
        self.now_s, self.unix_s, self.synchronised = 0.0, EPOCH_S + 100, synchronised
        self.health = Health(lambda: self.now_s).part("history")
        self.erased: list[str] = []
        self.gallery_fails = False
        self._config = HistoryConfig(path=self.path, **config)
        self.start()

    def start(self) -> None:
        self.history = History(
            self._config,
            self.health,
            clock=lambda: self.now_s,
            unix_s=lambda: self.unix_s,
            synchronised=lambda: self.synchronised,
            erased=self._who_was_erased,
            boot_id=lambda: "boot-1",
        )

    def _who_was_erased(self) -> Collection[str]:
        if self.gallery_fails:
            raise EdgedError("gallery: cannot be read")
        return self.erased

    def tell(self, *messages: Any) -> None:
        """Told, and written."""
        for message in messages:
            self.history(message)
        self.history.step()

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds
        self.unix_s += seconds

    def stop(self) -> None:
        """As the thread does at the end."""
        self.history.stop(0)
        self.history.step()

    def kill(self) -> None:
        """What was not written is lost."""
        self.history._file.close()

    def events(self, **wanted: Any) -> list[Any]:
        with reading(self.path) as history:
            return list(history.events(Filter(**wanted)))

    def runs(self) -> list[Any]:
        with reading(self.path) as history:
            return list(history.runs())

    def reasons(self) -> str:
        return " ".join(self.health.snapshot().reasons)
