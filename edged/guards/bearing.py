"""Bearing: how the box bears its work right now."""

from collections.abc import Mapping
from pathlib import Path

from edged.guards.firmware import Firmware
from edged.guards.heat import HeatConfig
from edged.guards.load_config import LoadConfig
from edged.guards.strain import Readings, strain
from edged.messages.health import PartHealth
from edged.runtime import machine
from edged.runtime.health import Health
from edged.runtime.load import Load

RECENT_S = 15.0
"""What was dropped or skipped within that time counts."""


class Bearing:
    """Reads all that tells it."""

    def __init__(
        self, heat: HeatConfig, config: LoadConfig, firmware: Firmware, health: Health, root: Path = machine.ROOT
    ) -> None:
        self._heat, self._config, self._firmware = heat, config, firmware
        self._health, self._root = health, root
        self._dropped, self._skipped = Lost("dropped"), Lost("skipped")

    def use(self, heat: HeatConfig, config: LoadConfig) -> None:
        """From now on judge by these numbers."""
        self._heat, self._config = heat, config

    def __call__(self, now_s: float) -> tuple[Load, str]:
        """How it is, and why it is too much, in words."""
        parts = self._health.parts()
        read = Readings(
            temperature_c=machine.cpu_temperature_c(self._root),
            told=self._firmware.look(now_s),
            pressure_pct=machine.cpu_pressure_pct(self._root),
            load_per_cpu=machine.load_per_cpu(self._root),
            dropped=self._dropped.look(parts, now_s),
            skipped=self._skipped.look(parts, now_s),
        )
        return strain(read, self._heat, self._config)


class Lost:
    """Whether a counter of the sources has grown of late."""

    def __init__(self, counter: str) -> None:
        self._counter = counter
        self._before: dict[str, float] | None = None
        self._grew_s = float("-inf")

    def look(self, parts: Mapping[str, PartHealth], now_s: float) -> bool:
        """``parts`` of the box's health, as they are now."""
        counts = {
            name: part.counters.get(self._counter, 0.0) for name, part in parts.items() if name.startswith("sources.")
        }
        before = counts if self._before is None else self._before
        if any(count > before.get(name, 0.0) for name, count in counts.items()):
            self._grew_s = now_s
        self._before = counts
        return now_s - self._grew_s < RECENT_S
