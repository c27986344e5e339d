"""The measures of the wire: each runs, and says what it is compared with. What comes out is not a test's business."""

import pytest
from benchmarks import wire

from tests.scripts.measures import check_that_it_measures

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
    check_that_it_measures(wire.GROUP, name, few, above=-1.0)  # 0: the hostile cost nothing
