"""History: a follower of the outbox that keeps every event, how the box was, and when it ran, in nobody's way."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from edged import __version__
from edged.history.config import HistoryConfig, history_path
from edged.history.file import File
from edged.history.forgetting import Forgetting
from edged.history.health_changes import HealthChanges
from edged.history.life import Life
from edged.history.pending import Pending
from edged.history.store import Store
from edged.history.upkeep import Upkeep
from edged.messages.wire import EventMessage, HealthMessage
from edged.runtime import machine
from edged.runtime.health import Part

COMMIT_S = 5.0
"""One commit so often at most, unless very much comes at once: kind to SD cards."""
MOST_MESSAGES = 2000
"""That may wait for the writer; more are dropped and counted."""

Message = EventMessage | HealthMessage
log = logging.getLogger(__name__)


class History:
    """Call it with each event message; one thread of its own writes. Thread-safe."""

    def __init__(
        self,
        config: HistoryConfig,
        health: Part,
        *,
        path: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        unix_s: Callable[[], float] = time.time,
        synchronised: Callable[[], bool | None] = machine.clock_synchronised,
        erased: Callable[[], Collection[str]] = tuple,
        boot_id: Callable[[], str] = machine.boot_id,
    ) -> None:
        """``erased``: who was erased from the gallery, by id; their names go within ``UPKEEP_S``.

        ``synchronised``: False where the clock is known to be wrong; nothing is too old then.
        """
        self._health = health
        self._file = File(path or history_path(config), health, unix_s)
        self._life = Life(boot_id(), __version__, unix_s)
        self._forgetting = Forgetting(erased, self._file.path, health)
        self._upkeep = Upkeep(config, clock, lambda: None if synchronised() is False else unix_s())
        self._pending, self._changes = Pending(health), HealthChanges()
        self._messages: queue.Queue[Message] = queue.Queue(MOST_MESSAGES)
        self._work, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    def start(self) -> None:
        """Begin to write: that edged runs first of all."""
        self._work.set()
        self._thread.start()

    def __call__(self, message: Message) -> None:
        """An event that is to be kept, or how the box is. Returns at once."""
        try:
            self._messages.put_nowait(message)
        except queue.Full:
            self._health.count("dropped")
        if self._messages.qsize() > MOST_MESSAGES // 2:
            self._work.set()

    def stop(self, limit_s: float) -> None:
        """Write what waits, in so much time."""
        self._stopping.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def use(self, config: HistoryConfig) -> None:
        """From now on keep so much; the file stays where it is."""
        self._upkeep.use(config)

    def step(self) -> None:
        """What is done every ``COMMIT_S``: take what has come, and write it."""
        while not self._messages.empty():
            self._take(self._messages.get_nowait())
        stopping = self._stopping.is_set()
        if stopping or self._pending or self._life.is_due or self._upkeep.is_due:
            self._write()
        if stopping:
            self._file.close()

    def _take(self, message: Message) -> None:
        if isinstance(message, EventMessage):
            self._pending.add(message)
        else:
            self._pending.add_health(self._changes(message))

    def _write(self) -> None:
        if tidy := self._upkeep.is_due:
            self._forgetting.ask()
        if self._file.write(lambda store: self._put(store, tidy=tidy)):
            self._upkeep.wrote(len(self._pending), tidy=tidy)
            self._pending.clear()
            self._life.told()
            if self._upkeep.has_deleted:
                self._file.use(Store.shrink)
            if self._forgetting.has_forgotten:
                self._file.use(self._forgetting.leave_nothing)

    def _put(self, store: Store, *, tidy: bool) -> None:
        self._life.tell(store, stopped=self._stopping.is_set())
        if tidy:
            self._forgetting.clean(store)
        store.put(self._forgetting.without(store, self._pending.events))
        store.add_health(self._pending.health)
        if tidy:
            self._upkeep.tidy(store)

    def _run(self) -> None:
        stopped = False
        while not stopped:
            self._work.wait(COMMIT_S)
            self._work.clear()
            stopped = self._stopping.is_set()
            try:
                self.step()
            except Exception:  # a bug costs a piece of history, not the box
                log.exception("history: writing failed")
