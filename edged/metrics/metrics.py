"""Metrics: the box's numbers are there to be collected, as far as their address can be had."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from edged.messages.health import State
from edged.messages.wire import HealthMessage
from edged.metrics.config import PrometheusConfig
from edged.runtime.health import Health, Part

if TYPE_CHECKING:
    from edged.metrics.server import Server

PART = "metrics"
"""Its name in health; the box is well without it."""
RETRY_S = 10.0
"""So often an address that was not to be had is tried again."""

log = logging.getLogger(__name__)


class Metrics:
    """Serves them. Thread-safe."""

    def __init__(
        self,
        config: PrometheusConfig,
        health: Health,
        tell: Callable[[], HealthMessage],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``tell`` gives how the box is now, on the server's threads."""
        self._config, self._health, self._tell, self._clock = config, health, tell, clock
        self._server: Server | None = None
        self._next_s = float("inf")
        self._changing = threading.RLock()

    @property
    def port(self) -> int | None:
        """Where they are; None: nowhere."""
        return self._server.server_port if self._server else None

    @property
    def _part(self) -> Part:
        return self._health.part(PART, needed=False)

    def start(self) -> None:
        """Serve from now on, if that is wanted; an address that is taken is said in health and tried again."""
        with self._changing:
            if self._config.enabled and self._server is None:
                self._start()

    def _start(self) -> None:
        from edged.metrics.collector import BoxCollector  # late: 0.1 s on a PC, and few boxes have it on
        from edged.metrics.server import Server

        config, part, address = self._config, self._part, f"{self._config.host}:{self._config.port}"
        self._next_s = float("inf")
        try:
            self._server = Server(config.host, config.port, BoxCollector(self._health, self._tell), part)
        except OSError as error:
            self._next_s = self._clock() + RETRY_S
            remedy = "set metrics.prometheus.host and .port to an address of this box that is free"
            why = error.strerror or str(error)
            if part.state is not State.DEGRADED:  # once, and not each time that it is tried
                log.warning("no metrics", extra={"address": address, "reason": why})
            part.set(State.DEGRADED, f"no metrics at {address}: {why}", remedy)
            return
        self._server.start()
        part.set(State.OK)

    def use(self, config: PrometheusConfig) -> None:
        """From now on serve as ``config`` has it."""
        with self._changing:
            self.stop()
            self._config = config
            self.start()

    def tick(self) -> None:
        """Called every second."""
        if self._clock() >= self._next_s:
            self.start()

    def stop(self) -> None:
        """Give the address back."""
        with self._changing:
            self._stop()

    def _stop(self) -> None:
        self._next_s = float("inf")
        if self._server:
            self._server.stop()
            self._server = None
            self._part.set(State.OFF)
