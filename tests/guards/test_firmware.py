"""A Raspberry Pi's firmware: what it tells of heat and power, through sysfs, hwmon and vcgencmd."""

import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.guards.firmware import Firmware, Measure, Told, parse
from edged.guards.heat import Heat, HeatConfig
from edged.guards.power import Power
from edged.runtime.finding import Level
from tests.guards.tree import GETS_THROTTLED, Tree

CONFIG = HeatConfig()
LIMIT_S = 5.0
NONE = Measure(0)


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0", Told(NONE, NONE)),
        ("50005", Told(Measure.UNDER_VOLTAGE | Measure.THROTTLED, Measure.UNDER_VOLTAGE | Measure.THROTTLED)),
        ("throttled=0x50000", Told(NONE, Measure.UNDER_VOLTAGE | Measure.THROTTLED)),
        ("0xe0008", Told(Measure.SOFT_LIMIT, Measure.CAPPED | Measure.THROTTLED | Measure.SOFT_LIMIT)),
        ("", None),
        ("VCHI initialization failed", None),
    ],
)
def test_its_bits_are_read(text, told):
    """As sysfs has them, and as vcgencmd says them."""
    assert parse(text) == told


@given(st.text(max_size=40) | st.integers(0, 2**32 - 1).map("throttled=0x{:x}".format))
def test_whatever_it_says_is_read_or_left(text):
    """What is now has also been."""
    told = parse(text)
    assert told is None or told.now & told.ever == told.now


def test_what_was_once_is_remembered(tree: Tree):
    """Newer kernels clear the firmware's own memory of it."""
    firmware = Firmware(tree.root)
    tree.say(throttled="4")
    assert firmware.look(0.0) == Told(Measure.THROTTLED, Measure.THROTTLED)
    tree.say(throttled="0")
    assert firmware.look(2.0) == Told(NONE, Measure.THROTTLED)


def test_a_pi_5_has_it_elsewhere(tree: Tree):
    """Its soc has an address in its name."""
    tree.write("sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", "1")
    assert Firmware(tree.root).look(0.0).now is Measure.UNDER_VOLTAGE


def test_hwmon_tells_of_under_voltage_alone(tree: Tree):
    """Where sysfs has nothing more."""
    tree.voltage("0")
    firmware = Firmware(tree.root)
    assert firmware.look(0.0) == Told(NONE, NONE)
    tree.voltage("1")
    assert firmware.look(2.0) == Told(Measure.UNDER_VOLTAGE, Measure.UNDER_VOLTAGE)


def test_vcgencmd_is_asked_where_sysfs_has_nothing(tree: Tree, tmp_path: Path):
    """And only there."""
    vcgencmd = program(
        tmp_path / "vcgencmd", f'[ "$1" = get_throttled ] && echo x >> {tmp_path}/asked\necho throttled=0x4'
    )
    tree.say(throttled="0")
    firmware = Firmware(tree.root, vcgencmd)
    assert firmware.look(0.0) == Told(NONE, NONE)
    assert not (tmp_path / "asked").exists()
    (tree.root / GETS_THROTTLED).unlink()
    firmware.look(1.0)
    join("vcgencmd")
    assert firmware.look(2.0).now is Measure.THROTTLED
    assert (tmp_path / "asked").read_text() == "x\n"


@pytest.mark.parametrize("text", ["exit 1", "echo 'VCHI initialization failed'", "sleep 60"])
def test_a_vcgencmd_that_fails_or_hangs_tells_nothing(tree: Tree, tmp_path: Path, text: str):
    """It holds nobody up, and is ended."""
    firmware = Firmware(tree.root, program(tmp_path / "vcgencmd", f"exec {text}"))
    assert firmware.look(0.0) is None
    join("vcgencmd")
    assert firmware.look(1.0) is None


def join(name: str) -> None:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(LIMIT_S)
            assert not thread.is_alive()


def test_heat_makes_the_box_degraded_until_it_is_cool(tree: Tree):
    """Not to and fro at the limit."""
    celsius = [70.0]
    heat = Heat(CONFIG, lambda: celsius[0], Firmware(tree.root))
    levels = []
    for celsius[0] in (70.0, 79.9, 80.0, 79.0, 75.0, 74.9, 79.0):
        seen = heat.look(0.0)
        levels.append(seen.finding.level is Level.WARNING)
        assert seen.figures == {"cpu_temperature_c": celsius[0]}
    assert levels == [False, False, True, True, True, False, False]


def test_a_cpu_that_is_slowed_down_is_told_with_the_remedy(tree: Tree):
    """Now: degraded; since the boot: a thing to know."""
    heat = Heat(CONFIG, lambda: 60.0, Firmware(tree.root))
    tree.say(throttled="20002")
    seen = heat.look(0.0)
    assert (seen.finding.level, seen.finding.found) == (Level.WARNING, "the CPU is slowed down by its firmware")
    tree.say(throttled="20000")
    later = heat.look(2.0).finding
    assert (later.level, later.found) == (Level.OK, "the CPU has been slowed down by its firmware since the boot")
    assert "fan" in later.remedy


def test_a_weak_power_supply_is_told(tree: Tree):
    """Now: degraded; since the boot: a thing to know."""
    tree.say(throttled="50005")
    power = Power(Firmware(tree.root))
    assert power.look(0.0).finding.level is Level.WARNING
    tree.say(throttled="50000")
    later = power.look(2.0).finding
    assert (later.level, later.found) == (Level.OK, "the power supply has given too little since the boot")
    assert "supply" in later.remedy


def test_a_machine_that_is_no_pi_is_not_judged(tree: Tree):
    """No part of it stands in health."""
    firmware = Firmware(tree.root)
    assert firmware.look(0.0) is None
    assert Power(firmware).look(0.0) is None
    assert Heat(CONFIG, lambda: None, firmware).look(0.0) is None
