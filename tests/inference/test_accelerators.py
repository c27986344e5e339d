"""Accelerators: which device there is, and which model runs on which."""

import pytest
from pydantic import ValidationError

from edged.inference.accelerators import Accelerators, asked_first
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.failover import FailoverModel
from edged.runtime.health import Health
from tests.inference.edgetpu.conftest import stand_in, twin, wait_until

__all__ = ["stand_in", "twin"]


@pytest.fixture
def accelerators(stand_in, tmp_path):
    """Makes the box's accelerators, and stops them in the end."""
    made = []

    def make(**config):
        settings = EdgeTpuConfig(library=stand_in.library, options=stand_in.options, locks=tmp_path, **config)
        announced = []
        made.append(Accelerators(settings, Health(), lambda *change: announced.append(change)))
        made[-1].announced = announced
        return made[-1]

    yield make
    for each in made:
        each.stop(5)


def test_models_are_spread_over_the_devices_by_size(accelerators, twin):
    """The next goes where the least is."""
    box = accelerators(devices=["usb:0", "pci:0"])
    assert [box.attach(twin(name)).home for name in ("one", "two", "three")] == ["usb:0", "pci:0", "usb:0"]


def test_a_model_goes_where_the_config_says(accelerators, twin):
    """Whatever else is there."""
    box = accelerators(devices=["usb:0", "pci:0"], models={"one": "pci:0", "two": "pci:0"})
    assert [box.attach(twin(name)).home for name in ("one", "two", "three")] == ["pci:0", "pci:0", "usb:0"]


def test_a_model_is_asked_on_its_device_only_while_that_is_there(accelerators, twin):
    """A box without one says that its models run on the CPU."""
    box = accelerators(devices=["usb:0"])
    model, cpu = box.attach(twin("one")), twin("two")
    assert [asked_first(it, box.devices) for it in (model, cpu)] == ["cpu", "cpu"]
    box.start()
    wait_until(lambda: asked_first(model, box.devices) == "usb:0")
    assert asked_first(cpu, box.devices) == "cpu"


def test_a_model_on_a_device_that_is_not_configured_is_a_fault():
    """The devices are named."""
    with pytest.raises(ValidationError, match=r"models.one: 'pci:0', must be one of the devices: usb:0"):
        EdgeTpuConfig(devices=["usb:0"], models={"one": "pci:0"})


def test_a_model_without_a_compiled_file_stays_on_the_cpu(accelerators, twin):
    """As it is, with nothing round it."""
    cpu = twin()
    del cpu.card.files["edgetpu"]
    assert accelerators(devices=["usb:0"]).attach(cpu) is cpu


def test_with_the_accelerator_switched_off_models_stay_on_the_cpu(accelerators, twin):
    """No device is looked for."""
    box = accelerators(enabled=False)
    cpu = twin()
    assert box.attach(cpu) is cpu
    assert box.devices == {}


def test_changes_are_announced_under_names_that_may_stand_in_a_topic(accelerators, twin):
    """``usb:0`` is ``usb-0``."""
    box = accelerators(devices=["usb:0"])
    model = box.attach(twin())
    assert isinstance(model, FailoverModel)
    box.start()
    wait_until(lambda: box.announced == [("usb-0", True)])


def test_two_devices_serve_their_models_each(accelerators, twin):
    """And both are announced."""
    box = accelerators(devices=["usb:0", "pci:0"])
    for name in ("one", "two"):
        box.attach(twin(name))
    box.start()
    wait_until(lambda: sorted(box.announced) == [("pci-0", True), ("usb-0", True)])
