"""PipelinesInUse: the pipelines that run, each on a thread of its own: started, exchanged and stopped one by one."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import NamedTuple

from edged.runtime.flow import Pipeline
from edged.runtime.health import Health
from edged.settings import PipelineConfig

STOP_LIMIT_S = 1.0
"""A pipeline that has not ended by then is left behind."""
MOST_RESTARTS = 3
"""Of a pipeline that breaks again and again, within ``RESTARTS_S``; then it stays broken, and health says so."""
RESTARTS_S = 600.0

log = logging.getLogger(__name__)


class Built(NamedTuple):
    """A pipeline that is ready to run."""

    pipeline: Pipeline
    leave: Callable[[], None]
    """Listens to its source no longer: it ends when it has taken what it was given."""


Build = Callable[[str, PipelineConfig, ExitStack], Built]
"""By name and config; the stack closes what stands beside the pipeline, such as a shadow, after its end."""


@dataclass(frozen=True, slots=True)
class _Running:
    config: PipelineConfig
    thread: threading.Thread
    stack: ExitStack


class PipelinesInUse:
    """Those that are to run. :meth:`apply` may be called by one thread at a time."""

    def __init__(
        self,
        build: Build,
        health: Health,
        broken: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``broken`` is told, on its own thread, of a pipeline that has lost item after item: apply it anew."""
        self._build, self._health, self._broken, self._clock = build, health, broken, clock
        self._running: dict[str, _Running] = {}
        self._restarts: dict[str, deque[float]] = {}

    @property
    def names(self) -> list[str]:
        """Of those that run, or should."""
        return list(self._running)

    @property
    def busy(self) -> bool:
        """False once all of them have come to their own end; a box where all are switched off waits for a change."""
        running = list(self._running.values())
        return not running or any(one.thread.is_alive() for one in running)

    def config(self, name: str) -> PipelineConfig | None:
        """What pipeline ``name`` runs by; None: it does not."""
        return self._running[name].config if name in self._running else None

    def apply(self, name: str, config: PipelineConfig | None) -> None:
        """Have pipeline ``name`` run as ``config`` has it; None, or one that is not enabled: not at all.

        The new one is there before the old one goes; whatever is raised in making it, the old one goes on.
        """
        if config is None or not config.enabled:
            self._stop(name)
            return
        with ExitStack() as stack:
            built = self._build(name, config, stack)
            thread = threading.Thread(target=self._run, args=(name, built), name=f"pipeline-{name}", daemon=True)
            stack.callback(thread.join, STOP_LIMIT_S)
            stack.callback(built.leave)
            self._stop(name)
            self._running[name] = _Running(config, thread, stack.pop_all())
            thread.start()

    def restart(self, name: str, config: PipelineConfig | None) -> bool:
        """Begin anew with a pipeline that broke; False where it has been done too often of late."""
        recent = self._restarts.setdefault(name, deque(maxlen=MOST_RESTARTS))
        now_s = self._clock()
        if len(recent) == MOST_RESTARTS and now_s - recent[0] < RESTARTS_S:
            log.error("pipeline stays broken", extra={"pipeline": name, "restarts": MOST_RESTARTS})
            return False
        recent.append(now_s)
        self._health.part(f"pipelines.{name}").count("restarts")
        self.apply(name, config)
        return True

    def stop(self) -> None:
        """All of them, within a second each; the sources have stopped before."""
        for name in list(self._running):
            self._stop(name)

    def _stop(self, name: str) -> None:
        if running := self._running.pop(name, None):
            running.stack.close()
            if running.thread.is_alive():
                log.warning("pipeline does not end; left behind", extra={"pipeline": name})

    def _run(self, name: str, built: Built) -> None:
        try:
            built.pipeline.run()
        except Exception:  # said in health by the pipeline itself
            log.exception("pipeline broke", extra={"pipeline": name})
            with suppress(Exception):  # what is on, ends, as far as it still can
                built.pipeline.finish()
            self._broken(name)
