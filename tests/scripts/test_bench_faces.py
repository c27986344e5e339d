"""The measures of faces: each runs, and says what it is compared with. What comes out is not a test's business."""

from pathlib import Path

import pytest
from benchmarks import faces
from benchmarks.faces_data import DATA, EMBEDDER, HEIGHT, WIDTH, NoDataError, empty_frame, portraits

from tests.scripts.measures import check_that_it_measures

FEW = {
    "one_face": {"rounds": 20},
    "no_face": {"rounds": 20},
    "to_broker_p95": {"visits": 1},
    "search": {"rounds": 20, "people": 20},
    "enrol_pictures": {"count": 12},
    "rss_with_sound": {"seconds": 1.0},
}


def test_every_measure_is_tried():
    """None is forgotten below."""
    assert [measure.name for measure in faces.GROUP.measures] == [f"faces.{name}" for name in FEW]


@pytest.mark.skipif(not EMBEDDER.is_file(), reason="../shared/data is not here: no models of faces")
@pytest.mark.parametrize(("name", "few"), FEW.items(), ids=FEW)
def test_measure_finds_a_figure_and_says_what_it_is_compared_with(name, few):
    """With as few repetitions as may be."""
    check_that_it_measures(faces.GROUP, name, few)


def test_an_empty_frame_is_the_size_of_a_camera():
    """And never twice the same."""
    assert empty_frame(1).shape == (HEIGHT, WIDTH, 3)
    assert (empty_frame(1) != empty_frame(2)).any()


@pytest.mark.skipif(Path(DATA).is_dir(), reason="../shared/data is here")
def test_without_data_the_measures_say_so():
    """In one line, and the others go on."""
    with pytest.raises(NoDataError, match="no pictures of people"):
        portraits(1)
