"""The measures of the wire: each runs, and says what it is compared with. What comes out is not a test's business."""

import math

import pytest
from benchmarks import wire
from benchmarks.measure import Result, table

FEW = {
    "event_to_puback": {"calls": 20},
    "event_to_puback_p99": {"calls": 20},
    "backlog": {"count": 200},
    "backlog_memory": {"count": 200},
    "sustained": {"rate_per_s": 100, "seconds": 1},
    "hostile_delay": {"count": 60, "seconds": 0.6},
    "hostile_memory": {"count": 60, "seconds": 0.6},
}


def test_every_measure_is_tried():
    """None is forgotten below."""
    assert [measure.name for measure in wire.GROUP.measures] == [f"wire.{name}" for name in FEW]


@pytest.mark.parametrize(("name", "few"), FEW.items(), ids=FEW)
def test_measure_finds_a_figure_and_says_what_it_is_compared_with(name, few):
    """With as few repetitions as may be."""
    (measure,) = (one for one in wire.GROUP.measures if one.name == f"wire.{name}")
    found = measure.function(**few)
    assert math.isfinite(found.value)
    assert found.value >= 0
    assert found.compared_with in table([Result(name, found.value, measure.unit, measure.target, found.compared_with)])
