"""Pairing: which of the found is which of the known."""

from hypothesis import given
from hypothesis import strategies as st

from edged.messages.vision import Box
from edged.pairing import assign, distance, pair

numbers = st.lists(st.integers(0, 50), max_size=8)


def gap(one: int, other: int) -> float:
    return abs(one - other)


@given(numbers, numbers, st.integers(0, 20))
def test_each_is_paired_once_and_no_two_that_are_left_are_within_reach(known, found, reach):
    """Greedy: the nearest go first, and nothing that could be paired is left over."""
    paired = assign(known, found, reach, gap)
    assert len(set(paired.values())) == len(paired)
    assert all(gap(known[number], found[index]) <= reach for index, number in paired.items())
    left = [one for number, one in enumerate(known) if number not in paired.values()]
    new = [one for index, one in enumerate(found) if index not in paired]
    assert all(gap(one, other) > reach for one in left for other in new)
    if paired:
        assert min(gap(known[n], found[i]) for i, n in paired.items()) == min(gap(a, b) for a in known for b in found)


def test_boxes_are_paired_by_their_distance_and_those_without_an_area_never():
    """As faces are."""
    here, there = Box(0, 0, 10, 10), Box(100, 0, 110, 10)
    assert pair([here, there], [there, here], 1.0) == {0: 1, 1: 0}
    assert pair([Box(0, 0, 0, 0)], [here], 1e9) == {}
    assert distance(here, Box(10, 0, 20, 10)) == 1
