"""Period: bins and ticks at round local times, never too many."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.report_page.period import MOST_BINS, MOST_TICKS, Period
from edged.report_page.words import counted, milliseconds, percent, span
from tests.report_page.made import DAY_S, NOON_S, PERIOD

TIMES = st.floats(0, 4e9)


@given(TIMES, st.floats(0.001, 4e9))
def test_bins_and_ticks_are_few_and_in_order(since_s, length_s):
    """Whatever the period: each moment of it has a bin, each tick is within it."""
    period = Period(since_s, since_s + length_s)
    assert period.bin_of(period.since_s) >= 0
    assert period.bin_of(period.until_s) <= MOST_BINS + 2
    ticks = list(period.ticks())
    assert len(ticks) <= MOST_TICKS + 2
    assert all(period.since_s <= at_s <= period.until_s for at_s, _ in ticks)
    assert all(one < other for (one, _), (other, _) in pairwise(ticks))


@given(TIMES)
def test_a_share_is_one(at_s):
    """What lies outside the period is at its edge."""
    assert 0 <= PERIOD.share(at_s) <= 1


def test_a_day_has_bars_of_a_quarter_of_an_hour():
    """And ticks at whole hours."""
    assert PERIOD.bin_s == 900
    assert PERIOD.bin_of(PERIOD.since_s + 901) == PERIOD.bin_of(PERIOD.since_s + 1) + 1
    assert next(name for _, name in Period(NOON_S, NOON_S + 7 * DAY_S).ticks()).split()[1] == "Jan"
    assert all(name.endswith((":00", "Jan")) for _, name in PERIOD.ticks())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (span(0.4), "0 s"),
        (span(59.6), "1 min"),
        (span(725), "12 min 5 s"),
        (span(3 * 3600 + 20 * 60), "3 h 20 min"),
        (span(2 * DAY_S), "2 d"),
        (percent(1.0), "100 %"),
        (percent(0.99999), "99.9 %"),
        (percent(0.0), "0 %"),
        (percent(0.00001), "0.1 %"),
        (milliseconds(0.123456), "0.123 ms"),
        (milliseconds(1234.0), "1.23 s"),
        (milliseconds(12_345.0), "12.3 s"),
        (counted(1, "event"), "1 event"),
        (counted(1234, "event"), "1,234 events"),
    ],
)
def test_figures_are_as_people_read_them(said, expected):
    """With their unit on the same line; all and nothing are said only where it is so."""
    assert said.replace("\xa0", " ") == expected
