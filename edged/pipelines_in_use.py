"""PipelinesInUse: the pipelines that run, each on a thread of its own: started, exchanged and stopped one by one."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import NamedTuple

from edged.messages.health import State
from edged.runtime.flow import Pipeline
from edged.runtime.health import Health
from edged.runtime.watchdog import Pulse
from edged.settings import PipelineConfig

STOP_LIMIT_S = 1.0
"""A pipeline that has not ended by then is left behind; for all of them together, where all stop."""
MOST_RESTARTS = 3
"""Of a pipeline that breaks again and again, within ``RESTARTS_S``; then it stays broken, and health says so."""
RESTARTS_S = 600.0
UNSTEADY = "broke and began anew, unsteady"
"""The condition in the health of a pipeline that has used up some of its restarts."""
REMEDY = "stays off until `restart`, a change of its configuration or a restart of edged"

log = logging.getLogger(__name__)


class Built(NamedTuple):
    """A pipeline that is ready to run."""

    pipeline: Pipeline
    leave: Callable[[], None]
    """Listens to its source no longer: it ends when it has taken what it was given."""
    waiting: Callable[[], int] = lambda: 0
    """Items that it was given and has not taken."""


Build = Callable[[str, PipelineConfig, ExitStack], Built]
"""By name and config; the stack closes what stands beside the pipeline, such as a shadow, after its end."""


@dataclass(frozen=True, slots=True)
class _Running:
    config: PipelineConfig
    built: Built
    thread: threading.Thread
    stack: ExitStack
    """Closes what stands beside it."""


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
        self._unsteady: dict[str, float] = {}

    @property
    def names(self) -> list[str]:
        """Of those that run, or should."""
        return list(self._running)

    @property
    def busy(self) -> bool:
        """False once all of them have come to their own end; a box where all are switched off waits for a change."""
        running = list(self._running.values())
        return not running or any(one.thread.is_alive() for one in running)

    @property
    def pulses(self) -> Mapping[str, Pulse]:
        """Of each that runs, by the name of its part in health: see the watchdog."""
        return {f"pipelines.{name}": one.built.pipeline.pulse for name, one in list(self._running.items())}

    def config(self, name: str) -> PipelineConfig | None:
        """What pipeline ``name`` runs by; None: it does not."""
        return self._running[name].config if name in self._running else None

    def apply(self, name: str, config: PipelineConfig | None) -> None:
        """Have pipeline ``name`` run as ``config`` has it; None, or one that is not enabled: not at all.

        The new one is there before the old one goes; whatever is raised in making it, the old one goes on.
        """
        if config is None or not config.enabled:
            known = name in self._running
            self._stop([name])
            if known:  # one that failed, too
                self._health.part(f"pipelines.{name}").set(State.OFF, "switched off")
        else:
            self._start(name, config)
        self._restarts.pop(name, None)
        self._steady(name)

    def restart(self, name: str, config: PipelineConfig | None) -> bool:
        """Begin anew with a pipeline that broke; False where it has been done too often of late."""
        if config is None:
            return False
        recent = self._restarts.setdefault(name, deque(maxlen=MOST_RESTARTS))
        now_s, part = self._clock(), self._health.part(f"pipelines.{name}")
        if len(recent) == MOST_RESTARTS and now_s - recent[0] < RESTARTS_S:
            last = "; ".join(part.snapshot().reasons[:1])
            part.set(State.FAILING, f"broke {MOST_RESTARTS + 1} times in {RESTARTS_S / 60:.0f} min, {REMEDY}: {last}")
            self._steady(name)
            log.error("pipeline stays broken", extra={"pipeline": name, "restarts": MOST_RESTARTS})
            return False
        recent.append(now_s)
        part.count("restarts")
        self._start(name, config)
        self._unsteady[name] = now_s
        part.condition(UNSTEADY, on=True, by_the_wall=True)
        return True

    def check(self) -> None:
        """Called every second: a pipeline that has not broken for long is well again."""
        for name, since_s in list(self._unsteady.items()):
            if self._clock() - since_s >= RESTARTS_S:
                self._steady(name)

    def stop(self) -> None:
        """All of them, within a second; the sources have stopped before."""
        self._stop(list(self._running))

    def _start(self, name: str, config: PipelineConfig) -> None:
        with ExitStack() as stack:
            built = self._build(name, config, stack)
            thread = threading.Thread(target=self._run, args=(name, built), name=f"pipeline-{name}", daemon=True)
            self._stop([name])
            self._running[name] = _Running(config, built, thread, stack.pop_all())
            thread.start()

    def _stop(self, names: Collection[str]) -> None:
        """All at once: those that hang do so together."""
        ending = {name: self._running.pop(name) for name in names if name in self._running}
        until_s = time.monotonic() + STOP_LIMIT_S
        for running in ending.values():
            running.built.leave()
        for name, running in ending.items():
            running.thread.join(max(0.0, until_s - time.monotonic()))
            if running.thread.is_alive():
                self._give_up(name, running)
        for name, running in ending.items():
            try:
                running.stack.close()
            except Exception:  # of what stood beside the old one: the new one is to run all the same
                log.exception("pipeline left something open", extra={"pipeline": name})

    def _give_up(self, name: str, running: _Running) -> None:
        lost = running.built.waiting()
        self._health.part(f"pipelines.{name}").count("dropped", lost)
        log.warning("pipeline does not end; left behind", extra={"pipeline": name, "items_lost": lost})

    def _steady(self, name: str) -> None:
        if self._unsteady.pop(name, None) is not None:
            self._health.part(f"pipelines.{name}").condition(UNSTEADY, on=False)

    def _run(self, name: str, built: Built) -> None:
        try:
            built.pipeline.run()
        except Exception:  # said in health by the pipeline itself
            log.exception("pipeline broke", extra={"pipeline": name})
            with built.pipeline.pulse, suppress(Exception):  # what is on, ends, as far as it still can
                built.pipeline.finish()
            self._broken(name)
