"""Accelerators: the box's Edge TPUs, and which model runs on which."""

from collections import Counter
from collections.abc import Callable, Mapping

from edged.config import Section
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.edgetpu.device import EdgeTpu
from edged.inference.edgetpu.plugged import plugged, reset_usb
from edged.inference.failover import FailoverModel
from edged.inference.model import Model
from edged.inference.turns import TurnsConfig, of_the_cpu
from edged.runtime.health import Health

Announce = Callable[[str, bool], None]
"""Told of every change: the device's slug, and whether it is there."""


class AcceleratorConfig(Section):
    """What runs models faster than the CPU."""

    edgetpu: EdgeTpuConfig = EdgeTpuConfig()
    turns: TurnsConfig = TurnsConfig()


def slug(device: str) -> str:
    """``usb:0`` -> ``usb-0``, as it may stand in a topic."""
    return device.replace(":", "-")


class Accelerators:
    """All devices. A model is attached to one of them, once, and is run there whenever that is possible."""

    def __init__(self, config: EdgeTpuConfig, health: Health, announce: Announce = lambda *_: None) -> None:
        self._config, self._health = config, health
        self._load: Counter[str] = Counter()
        self._cpu = of_the_cpu()
        self.devices: dict[str, EdgeTpu] = {}
        for name in self._names() if config.enabled else ():
            part = health.part(f"accelerators.{slug(name)}")
            self.devices[name] = EdgeTpu(
                name,
                config,
                part,
                lambda there, name=name: announce(slug(name), there),  # type: ignore[misc]
                lambda name=name: config.devices is not None or _is_plugged(name),  # type: ignore[misc]
                lambda name=name: _reset(name),  # type: ignore[misc]
            )

    def attach(self, cpu: CpuModel) -> Model:
        """The model as pipelines shall have it: on a device as well where it has a file for one, else as it is.

        From then on it is run when its turn comes: see :mod:`edged.inference.turns`.
        """
        cpu.take_turns(self._cpu)
        if "edgetpu" not in cpu.card.files or not self.devices:
            return cpu
        device = self._device_for(cpu)
        self._load[device] += (cpu.folder / cpu.card.files["edgetpu"].path).stat().st_size
        return FailoverModel(self.devices[device].add(cpu), self._health.part(f"models.{cpu.card.name}"))

    def start(self) -> None:
        """Open the devices, in the background."""
        for device in self.devices.values():
            device.start()

    def stop(self, limit_s: float) -> None:
        """Give the devices back."""
        for device in self.devices.values():
            device.stop(limit_s)

    def _names(self) -> tuple[str, ...]:
        if self._config.devices is not None:
            return self._config.devices
        found = plugged()
        return (found[0].name if found else "usb:0",)  # a USB device may be plugged in at any time

    def _device_for(self, cpu: CpuModel) -> str:
        """The one that the config names, else the least loaded."""
        named = self._config.models.get(cpu.card.name)
        return named if named in self.devices else min(self.devices, key=lambda name: self._load[name])


def asked_first(model: Model, devices: Mapping[str, EdgeTpu]) -> str:
    """Where the model runs now, as far as it can: on its device while that is there, else on the CPU."""
    return model.home if model.home in devices and devices[model.home].facts() else "cpu"


def _is_plugged(name: str) -> bool:
    return any(device.name == name for device in plugged())


def _reset(name: str) -> str:
    return next((reset_usb(device) for device in plugged() if device.name == name and device.kind == "usb"), "")
