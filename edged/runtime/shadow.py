"""Shadow: work on a pipeline's items that must never be in its way, such as a model that is to prove itself."""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from edged.messages.health import State
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.flow import Interruption
from edged.runtime.health import Part

T = TypeVar("T")
U = TypeVar("U")

WAITING = 8
"""Items that may wait for a shadow; of more, the oldest are dropped and counted."""

log = logging.getLogger(__name__)


class Shadow(Generic[T, U]):
    """A thread that shows what went in and what came out to an observer, as often as that can look.

    It is an onlooker for :meth:`~edged.runtime.exchange.Line.shown_to`.
    """

    def __init__(
        self,
        name: str,
        look: Callable[[T, U], Mapping[str, float]],
        health: Part,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """``look`` gives the figures to show in ``health``; the first time that it raises, the shadow goes off.

        It works elsewhere (a process of low priority): on this thread it would hold Python's global lock. ``close``
        ends it, from any thread and as often as it is called.
        """
        self.name = name
        self._look, self._health, self._close = look, health, close
        self._queue = BoundedQueue[tuple[T, U]](WAITING, lambda _: health.count("dropped"))
        self._on, self._paused = True, False
        self._thread = threading.Thread(target=self._run, name=f"shadow-{name}", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def pause(self, *, on: bool) -> None:
        """Look at nothing more for now; what would have been shown is counted as ``paused``. From any thread."""
        self._paused = on

    def __call__(self, item: T, output: U) -> None:
        """Show the shadow an item and what came of it. Never waits."""
        if self._on and self._paused:
            self._health.count("paused")
        elif self._on:
            self._queue.put((item, output))

    def stop(self, limit_s: float) -> None:
        """Look at what waits and end, waiting ``limit_s`` at most; then it is closed all the same."""
        self._on = False
        self._queue.close()
        if self._thread.is_alive():
            self._thread.join(limit_s)
        self._close()

    def _run(self) -> None:
        self._health.set(State.OK)
        try:
            for seen in self._queue:
                if not isinstance(seen, Interruption):
                    self._show(self._look(*seen))
        except Exception as fault:  # whatever is wrong with it, the pipeline goes on
            self._on, stopping = False, not self._on
            if not stopping:
                self._health.set(State.DEGRADED, f"switched off as a shadow: {fault}")
                log.exception("shadow switched off", extra={"shadow": self.name})
        finally:
            self._close()

    def _show(self, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            self._health.show(name, value)
