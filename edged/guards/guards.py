"""Guards: one thread that has each guard look, tells health, and sheds load."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from edged.guards.bearing import Bearing
from edged.guards.card import Card
from edged.guards.clock import Clock
from edged.guards.config import GuardsConfig
from edged.guards.descriptors import Descriptors
from edged.guards.disk import Disk
from edged.guards.firmware import Firmware
from edged.guards.guard import Guard
from edged.guards.heat import Heat
from edged.guards.memory import Memory
from edged.guards.power import Power
from edged.guards.shedding import Shedding, Step
from edged.messages.health import State
from edged.runtime import machine
from edged.runtime.finding import Level
from edged.runtime.health import Health
from edged.runtime.load import Load

STATES = {Level.OK: State.OK, Level.WARNING: State.DEGRADED, Level.FAULT: State.FAILING}

log = logging.getLogger(__name__)


class Guards:
    """Looks every ``interval_s``."""

    def __init__(
        self,
        guards: Sequence[Guard],
        bearing: Callable[[float], tuple[Load, str]],
        shedding: Shedding,
        health: Health,
        interval_s: float,
        clock: Callable[[], float] = time.monotonic,
        take: Callable[[GuardsConfig, Sequence[Path]], None] = lambda *_: None,
    ) -> None:
        """``bearing`` tells, at a time by ``clock``, how the box bears its work, and why that is too much.

        ``take`` gives each its new numbers.
        """
        self._guards, self._bearing, self._shedding = guards, bearing, shedding
        self._health, self._interval_s, self._clock = health, interval_s, clock
        self._take = take
        self._broken: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="guards", daemon=True)

    def start(self) -> None:
        """Look for the first time, then again and again on a thread."""
        self.look()
        self._thread.start()

    def use(self, config: GuardsConfig, folders: Sequence[Path]) -> None:
        """From now on watch by these numbers; what was measured, and what is shed, stays."""
        self._interval_s = config.interval_s
        self._take(config, folders)

    def stop(self, limit_s: float) -> None:
        """Look no longer, waiting ``limit_s`` at most. What is shed stays so: everything is about to stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def look(self) -> None:
        """Have each look once. A guard that raises is left out, and the others go on."""
        now_s = self._clock()
        for guard in self._guards:
            self._guarded(guard.name, partial(self._tell, guard, now_s))
        self._guarded("load", lambda: self._shedding.look(*self._bearing(now_s), now_s))

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            self.look()

    def _tell(self, guard: Guard, now_s: float) -> None:
        seen = guard.look(now_s)
        if seen is None:
            return
        part = self._health.part(f"machine.{guard.name}")
        part.set(STATES[seen.finding.level], seen.finding.found, seen.finding.remedy)
        for name, value in seen.figures.items():
            part.show(name, value)

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # a bug in one of them leaves the others, and the box, at work
            self._health.part(f"machine.{name}").count("faults")
            if name not in self._broken:
                log.exception("guard failed", extra={"guard": name})
            self._broken.add(name)


def guards_of(
    config: GuardsConfig,
    folders: Sequence[Path],
    steps: Sequence[Step],
    health: Health,
    root: Path = machine.ROOT,
    clock: Callable[[], float] = time.monotonic,
) -> Guards:
    """All of them. ``folders``: those that the box writes to; ``steps``: how it sheds load, in this order."""
    firmware = Firmware(root, shutil.which("vcgencmd"))
    disk, memory, card = Disk(config.disk, folders), Memory(config.memory, root), Card(config.card, root)
    heat = Heat(config.heat, partial(machine.cpu_temperature_c, root), firmware)
    wall = Clock(config.clock_grace_s)
    bearing = Bearing(config.heat, config.load, firmware, health, root)
    shedding = Shedding(config.load, steps, health.part("machine.load"))

    def take(config: GuardsConfig, folders: Sequence[Path]) -> None:
        disk.use(config.disk, folders)
        memory.use(config.memory)
        heat.use(config.heat)
        card.use(config.card)
        wall.use(config.clock_grace_s)
        bearing.use(config.heat, config.load)
        shedding.use(config.load)

    guards = (disk, memory, heat, Power(firmware), card, Descriptors(root), wall)
    return Guards(guards, bearing, shedding, health, config.interval_s, clock, take)
