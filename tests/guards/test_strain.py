"""When a box does too much: by heat, its firmware, and what its queues drop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.guards.bearing import RECENT_S, Bearing, Lost
from edged.guards.firmware import Firmware, Measure, Told
from edged.guards.heat import HeatConfig
from edged.guards.load_config import LoadConfig
from edged.guards.strain import Readings, strain
from edged.runtime.health import Health
from edged.runtime.load import Load
from tests.guards.tree import Tree

HEAT, CONFIG = HeatConfig(), LoadConfig()
NONE = Measure(0)
WELL = {
    "temperature_c": 50.0,
    "told": Told(NONE, NONE),
    "pressure_pct": 5.0,
    "load_per_cpu": 0.3,
    "dropped": False,
    "skipped": False,
}


@pytest.mark.parametrize(
    ("change", "load", "why"),
    [
        ({}, Load.CALM, ""),
        ({"temperature_c": 77.0}, Load.FULL, ""),
        ({"temperature_c": 82.4}, Load.TOO_MUCH, "the CPU is at 82 °C"),
        ({"told": Told(Measure.THROTTLED, Measure.THROTTLED)}, Load.TOO_MUCH, "the firmware slows the CPU down"),
        ({"told": Told(Measure.UNDER_VOLTAGE, NONE)}, Load.TOO_MUCH, "the power supply gives too little"),
        ({"told": Told(NONE, Measure.THROTTLED)}, Load.CALM, ""),
        ({"dropped": True}, Load.TOO_MUCH, "sound was dropped"),
        ({"pressure_pct": 95.0}, Load.CALM, ""),
        ({"skipped": True}, Load.CALM, ""),
        ({"skipped": True, "pressure_pct": 95.0}, Load.TOO_MUCH, "the CPU is short"),
        ({"skipped": True, "pressure_pct": None, "load_per_cpu": 2.5}, Load.TOO_MUCH, "the CPU is short"),
        ({"skipped": True, "pressure_pct": None, "load_per_cpu": None}, Load.CALM, ""),
        ({"temperature_c": None, "told": None}, Load.CALM, ""),
        ({"temperature_c": 85.0, "dropped": True}, Load.TOO_MUCH, "the CPU is at 85 °C and sound was dropped"),
    ],
)
def test_what_is_too_much(change, load, why):
    """One reason is enough; a busy CPU is none while nothing is lost, nor are skipped frames while it is idle."""
    assert strain(Readings(**WELL | change), HEAT, CONFIG) == (load, why)


@given(st.none() | st.floats(-50, 150), st.booleans(), st.booleans(), st.none() | st.floats(0, 100))
def test_there_is_a_reason_for_too_much_and_for_nothing_else(celsius, dropped, skipped, pressure):
    """Health can always say why."""
    change = {"temperature_c": celsius, "dropped": dropped, "skipped": skipped, "pressure_pct": pressure}
    load, why = strain(Readings(**WELL | change), HEAT, CONFIG)
    assert (load is Load.TOO_MUCH) == bool(why)


def test_a_counter_of_the_sources_that_grows_is_seen_for_a_while():
    """Not what it counted before, and not another part's."""
    health, lost = Health(), Lost("dropped")
    source = health.part("sources.microphone")
    source.count("dropped", 5)
    assert not lost.look(health.parts(), 0.0)
    health.part("models.other").count("dropped")
    source.count("skipped")
    assert not lost.look(health.parts(), 2.0)
    source.count("dropped")
    assert lost.look(health.parts(), 4.0)
    assert lost.look(health.parts(), 4.0 + RECENT_S - 0.1)
    assert not lost.look(health.parts(), 4.0 + RECENT_S)
    health.part("sources.camera").count("dropped")
    assert lost.look(health.parts(), 30.0)


def test_all_of_it_is_read_from_the_kernel_and_from_health(tree: Tree):
    """Sound that is dropped on a machine that is hot."""
    health = Health()
    bearing = Bearing(HEAT, CONFIG, Firmware(tree.root), health, tree.root)
    assert bearing(0.0) == (Load.CALM, "")
    tree.say(temperature="81000", pressure="some avg10=0.00 avg60=0.00 avg300=0.00 total=1", throttled="4")
    health.part("sources.microphone").count("dropped")
    assert bearing(2.0) == (
        Load.TOO_MUCH,
        "the CPU is at 81 °C and the firmware slows the CPU down and sound was dropped",
    )
