"""Gaps: what is gone is told in few ranges that leave nothing out."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edged.outbox.gaps import MOST_GAPS, Gone, merged


@given(st.sets(st.integers(1, 1000)), st.sets(st.integers(1, 1000)))
def test_ranges_hold_all_that_is_gone_and_count_it_right(before, later):
    """In order, apart from one another, and not too many."""
    ranges = merged(merged([], before), later - before)
    gone = before | later
    assert sum(one.dropped for one in ranges) == len(gone)
    assert all(any(one.first <= seq <= one.last for one in ranges) for seq in gone)
    assert all(one.first in gone and one.last in gone for one in ranges)
    assert all(a.last + 1 < b.first for a, b in pairwise(ranges))
    assert len(ranges) <= MOST_GAPS


def test_neighbours_become_one():
    """So that a long outage is one range."""
    assert merged([Gone(1, 3, 3)], [4, 5, 9]) == [Gone(1, 5, 5), Gone(9, 9, 1)]
