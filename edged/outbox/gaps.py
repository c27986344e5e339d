"""Gaps: ranges of ``seq`` that will never come. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

MOST_GAPS = 64
"""Ranges; beyond, the nearest two become one."""


class Gone(NamedTuple):
    """A range of ``seq`` of which so many are gone."""

    first: int
    last: int
    dropped: int


def merged(gone: Iterable[Gone], seqs: Iterable[int] = ()) -> list[Gone]:
    """Ranges that hold ``seqs`` too, in order; neighbours are one, and there are at most MOST_GAPS."""
    ranges: list[Gone] = []
    for one in sorted([*gone, *(Gone(seq, seq, 1) for seq in seqs)]):
        if ranges and one.first <= ranges[-1].last + 1:
            ranges[-1] = _joined(ranges[-1], one)
        else:
            ranges.append(one)
    while len(ranges) > MOST_GAPS:
        at = min(range(1, len(ranges)), key=lambda at: ranges[at].first - ranges[at - 1].last)
        ranges[at - 1 : at + 1] = [_joined(ranges[at - 1], ranges[at])]
    return ranges


def _joined(a: Gone, b: Gone) -> Gone:
    return Gone(a.first, max(a.last, b.last), a.dropped + b.dropped)
