"""A device that can be broken, models for it, and what each test needs of them."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edged.inference.catalogue import shipped_models
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.edgetpu.device import EdgeTpu
from edged.inference.failover import FailoverModel
from edged.runtime.health import Health
from tests.inference.edgetpu.stand_in import StandIn, add_twin, copy_model


def wait_until(condition: Callable[[], object], limit_s: float = 15.0) -> None:
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "did not come to be in time"
        time.sleep(0.005)


@pytest.fixture
def stand_in(tmp_path):
    """The device."""
    return StandIn(tmp_path)


@pytest.fixture
def twin(tmp_path):
    """Makes a model on the CPU that has a compiled twin."""

    def make(name: str = "drone_sound") -> CpuModel:
        folder: Path = tmp_path / "models" / name
        return CpuModel(add_twin(copy_model(shipped_models() / "drone_sound", folder, name)))

    return make


class Box:
    """One watched device with models on it, and all that is said of it."""

    def __init__(self, stand_in: StandIn, device: str, **config: object) -> None:
        self.health = Health()
        self.part = self.health.part("accelerators.usb-0")
        self.announced: list[bool] = []
        settings = EdgeTpuConfig(library=stand_in.library, options=stand_in.options, locks=stand_in.folder, **config)
        self.plugged_in, self.resets = True, 0
        self.device = EdgeTpu(
            device, settings, self.part, self.announced.append, lambda: self.plugged_in, self._reset, lambda _: 0.2
        )

    def add(self, cpu: CpuModel) -> FailoverModel:
        return FailoverModel(self.device.add(cpu), self.health.part(f"models.{cpu.card.name}"))

    def _reset(self) -> str:
        self.resets += 1
        return "reset"

    @property
    def reason(self) -> str:
        return "; ".join(self.part.snapshot().reasons)

    def is_up(self) -> bool:
        return self.announced[-1:] == [True]

    def is_down(self) -> bool:
        return self.announced[-1:] == [False]


@pytest.fixture
def box(stand_in):
    """Makes a box and stops its device in the end."""
    boxes: list[Box] = []

    def make(device: str = "usb:0", **config: object) -> Box:
        boxes.append(Box(stand_in, device, **config))
        return boxes[-1]

    yield make
    for made in boxes:
        made.device.stop(5)
