"""Way: a few points, however long something takes."""

from hypothesis import given
from hypothesis import strategies as st

from edged.messages.objects import Waypoint
from edged.way import MOST_POINTS, Way

shares = st.floats(0, 1)
places = st.lists(st.tuples(shares, shares), min_size=1, max_size=300)


@given(places)
def test_a_way_is_short_and_keeps_its_ends_and_its_order(walked):
    """Never more than the most points; every one of them was walked."""
    way = Way()
    steps = [Waypoint(float(at), x, y) for at, (x, y) in enumerate(walked)]
    for step in steps:
        way.add(step)
        assert len(way.points) <= MOST_POINTS
    points = way.points
    assert (points[0], points[-1]) == (steps[0], steps[-1])
    assert [point.after_s for point in points] == sorted({point.after_s for point in points})
    assert set(points) <= set(steps)


def test_what_stands_still_has_two_points_at_most():
    """Where it was first, and where it is."""
    way = Way()
    for at in range(1000):
        way.add(Waypoint(float(at), 0.5, 0.5 + at % 2 * 0.01))
    assert [point.after_s for point in way.points] == [0, 999]
    assert way.reach < 0.011


def test_a_straight_way_is_told_from_end_to_end():
    """With points between, far apart."""
    way = Way()
    for at in range(101):
        way.add(Waypoint(at / 10, at / 100, 0.5))
    assert way.reach == 1
    gaps = [later.x - earlier.x for earlier, later in zip(way.points[:-1], way.points[1:-1], strict=False)]
    assert max(gaps) < 2.1 * min(gaps)
    assert len(way.points) > MOST_POINTS // 2
