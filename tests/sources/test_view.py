"""View: pictures are turned, cut and blackened as the shares of an area say, whatever their size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.sources.view import Area, cut, inside, view

SHARES = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted).filter(lambda pair: pair[0] < pair[1])
AREAS = st.builds(lambda x, y: Area(left=x[0], right=x[1], top=y[0], bottom=y[1]), SHARES, SHARES)
PICTURE = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


@given(AREAS, st.integers(1, 50), st.integers(1, 50))
def test_a_cut_is_never_empty_and_is_what_the_mask_shows(area, height, width):
    """At least one pixel, of the size that the shares say but for rounding; the mask covers the same pixels."""
    mask = inside(height, width, (area,))
    part = cut(np.dstack([mask] * 3), area)
    assert part.size
    assert (part == 255).all()
    assert np.count_nonzero(mask) == part.shape[0] * part.shape[1]
    assert part.shape[1] == pytest.approx((area.right - area.left) * width, abs=1.01)


@given(st.lists(AREAS, min_size=1, max_size=4), st.integers(1, 30), st.integers(1, 30))
def test_all_regions_are_seen_and_nothing_else(regions, height, width):
    """Inside of any region the picture is as it was, outside it is black."""
    picture = np.random.default_rng(0).integers(1, 255, (height, width, 3)).astype(np.uint8)
    before = picture.copy()
    seen = view(picture, 0, None, tuple(regions))
    within = inside(height, width, tuple(regions)) == 255
    np.testing.assert_array_equal(seen[within], picture[within])
    assert not seen[~within].any()
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize(("degrees", "turns"), [(0, 0), (90, -1), (180, 2), (270, 1)])
def test_pictures_are_turned_clockwise(degrees, turns):
    """As numpy turns them the other way."""
    np.testing.assert_array_equal(view(PICTURE, degrees, None, ()), np.rot90(PICTURE, turns))


def test_without_a_wish_the_picture_is_not_copied():
    """It costs nothing."""
    assert view(PICTURE, 0, None, ()) is PICTURE


def test_a_cut_stands_by_itself():
    """What the pipelines keep does not hold the whole picture."""
    part = view(PICTURE, 0, Area(left=0.5), ())
    assert part.base is None
    np.testing.assert_array_equal(part, PICTURE[:, 3:])


@pytest.mark.parametrize("wrong", [{"left": 0.5, "right": 0.5}, {"top": 0.9, "bottom": 0.1}, {"left": 1}, {"top": -1}])
def test_an_area_has_an_inside(wrong):
    """Shares in [0, 1], the second above the first."""
    with pytest.raises(ValidationError):
        Area(**wrong)
