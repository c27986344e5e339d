"""The measures of many sources: each runs, and says what it is compared with. What comes out is no test's business."""

import pytest
from benchmarks import many
from benchmarks.many_box import jain

from tests.faces import NEED_DATA
from tests.scripts.measures import check_that_it_measures

FEW = {
    "throughput": {"rounds": 1, "seconds": 0.2, "cameras": (2,)},
    "fairness": {"seconds": 0.3, "cameras": (2,)},
    "sound_on_device": {"rounds": 1, "seconds": 0.4},
    "sound_on_cpu": {"rounds": 1, "seconds": 0.4},
    "cost_per_frame": {"rounds": 1, "seconds": 0.4, "fps": 10.0, "cameras": (1,)},
    "copies": {"side": (720, 1280)},
}


def test_every_measure_is_tried():
    """None is forgotten below."""
    assert [measure.name for measure in many.GROUP.measures] == [f"many.{name}" for name in FEW]


@NEED_DATA
@pytest.mark.parametrize(("name", "few"), FEW.items(), ids=FEW)
def test_measure_finds_a_figure_and_says_what_it_is_compared_with(name, few):
    """With as few repetitions as may be."""
    check_that_it_measures(many.GROUP, name, few)


def test_jains_index_is_one_where_all_have_the_same_and_a_share_where_one_has_all():
    """The figure that fairness is told by."""
    assert jain([3, 3, 3]) == 1.0
    assert jain([6, 0, 0]) == pytest.approx(1 / 3)
