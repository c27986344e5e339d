"""Heat: whether the CPU is too hot, or slowed down by the firmware."""

from collections.abc import Callable

from pydantic import Field, model_validator

from edged.config import Section
from edged.guards.firmware import SLOWED, Firmware, Told
from edged.guards.guard import Seen
from edged.runtime.finding import Finding, Level
from edged.runtime.load import Load

REMEDY = "give it shade, air, a heat sink or a fan"


class HeatConfig(Section):
    """When the CPU is too hot. A Pi slows itself down from 80 to 85 °C on."""

    hot_c: float = Field(80.0, ge=30, le=120)
    """From here on the box is degraded, and sheds load."""
    cool_c: float = Field(75.0, ge=20, le=120)
    """Below that it is well again, and takes up what it shed."""

    @model_validator(mode="after")
    def _are_in_order(self) -> "HeatConfig":
        if self.cool_c > self.hot_c:
            raise ValueError(f"cool_c: {self.cool_c:g}, must be at most hot_c ({self.hot_c:g})")
        return self


def warmth(celsius: float | None, config: HeatConfig) -> Load:
    """``full`` between cool and hot."""
    if celsius is None or celsius < config.cool_c:
        return Load.CALM
    return Load.TOO_MUCH if celsius >= config.hot_c else Load.FULL


def judge(*, hot: bool, told: Told | None, config: HeatConfig) -> Finding:
    """The rule."""
    slowed = " and slowed down by its firmware" if told and told.now & SLOWED else ""
    if hot:
        return Finding(Level.WARNING, "heat", f"the CPU is hot ({config.hot_c:g} °C or more){slowed}", REMEDY)
    if slowed:
        return Finding(Level.WARNING, "heat", "the CPU is slowed down by its firmware", f"{REMEDY}; see machine.power")
    if told and told.ever & SLOWED:
        return Finding(Level.OK, "heat", "the CPU has been slowed down by its firmware since the boot", REMEDY)
    return Finding(Level.OK, "heat", "")


class Heat:
    """Watches the CPU."""

    name = "heat"

    def __init__(self, config: HeatConfig, temperature_c: Callable[[], float | None], firmware: Firmware) -> None:
        self._config, self._temperature_c, self._firmware = config, temperature_c, firmware
        self._hot = False

    def use(self, config: HeatConfig) -> None:
        """From now on watch by these numbers."""
        self._config = config

    def look(self, now_s: float) -> Seen | None:
        """Figure: ``cpu_temperature_c``. None where neither that nor the firmware can be read."""
        celsius, told = self._temperature_c(), self._firmware.look(now_s)
        if celsius is None and told is None:
            return None
        load = warmth(celsius, self._config)
        self._hot = load is Load.TOO_MUCH or (self._hot and load is Load.FULL)
        figures = {} if celsius is None else {"cpu_temperature_c": round(celsius, 1)}
        return Seen(judge(hot=self._hot, told=told, config=self._config), figures)
