"""Areas: parts of a picture, and what is inside them."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from edged.areas import Area, Polygon, contains, enclosed, foot
from edged.messages.vision import Box

shares = st.floats(0, 1, width=32)
corners = st.lists(st.tuples(shares, shares), min_size=3, max_size=8).map(tuple)
SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
polygons = TypeAdapter(Polygon)


@given(shares, shares)
def test_the_whole_picture_holds_every_place(x, y):
    """Its edges too, and what a box reaches over them."""
    assert contains(SQUARE, (x, y))
    assert contains(SQUARE, (x + 0.5, y - 0.5))


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.randoms())
def test_a_triangle_holds_what_opencv_says(x, y, chance):
    """An independent judge; places on a side itself are nobody's."""
    triangle = tuple((chance.random(), chance.random()) for _ in range(3))
    scaled = np.array(triangle, np.float32) * 1000
    away = cv2.pointPolygonTest(scaled, (x * 1000, y * 1000), measureDist=True)
    if abs(away) > 0.1:
        assert contains(triangle, (x, y)) == (away > 0)


@settings(max_examples=50)
@given(corners, shares, shares, st.integers(0, 7))
def test_it_does_not_matter_where_a_polygon_begins(points, x, y, shift):
    """Nor in which direction it goes round."""
    inside = contains(points, (x, y))
    turned = points[shift % len(points) :] + points[: shift % len(points)]
    assert contains(turned, (x, y)) == inside
    assert contains(points[::-1], (x, y)) == inside
    assert enclosed(turned) == pytest.approx(enclosed(points), abs=1e-6)


@pytest.mark.parametrize(
    "points",
    [[[0, 0], [1, 1]], [[0, 0], [0.5, 0.5], [1, 1]], [[0, 0], [1, 0], [1, 1.1]], [[0, 0, 0]] * 3, [[0, 0]] * 33],
)
def test_what_encloses_nothing_is_no_polygon(points):
    """Two corners, a line, a corner beyond the picture, or too many of them."""
    with pytest.raises(ValidationError):
        polygons.validate_python(points)


def test_a_rectangle_has_an_inside():
    """It is said which number is wrong."""
    assert Area(left=0.2, right=0.4).bottom == 1
    with pytest.raises(ValidationError, match=r"right: 0.2, must be above left \(0.2\)"):
        Area(left=0.2, right=0.2)


def test_an_object_stands_on_the_middle_of_its_lower_edge():
    """In shares of the picture."""
    assert foot(Box(10, 20, 30, 40), np.zeros((80, 40, 3), np.uint8)) == (0.5, 0.5)
