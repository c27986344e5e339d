"""Words, figures and bars for a terminal: bounded, and without anything that it might obey."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.watching.sparkline import sparkline
from edged.watching.words import clock_time, count, duration, printable, score, temperature, unix_s


@given(st.text())
def test_nothing_that_a_terminal_might_obey_is_left_in_a_text(text):
    """No controls, escapes or marks of direction, whatever came; and not too much of it."""
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= 121


def test_what_is_printable_stays_as_it_is():
    """Names of people are not mangled, escapes lose their teeth."""
    assert printable("Käthe Ōno 花") == "Käthe Ōno 花"
    assert printable("\x1b[31mred\x9b2J\u202e") == "�[31mred�2J�"
    assert printable("abcdef", 3) == "abc…"


@pytest.mark.parametrize(
    ("span_s", "words"),
    [(-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (7200, "2 h"), (1e5, "1 d"), (1e300, "9999 d"), (math.inf, "?")],
)
def test_a_span_of_time_is_told_in_its_largest_unit(span_s, words):
    """Short whatever it is."""
    assert duration(span_s) == words


@given(st.floats() | st.integers())
def test_any_figure_makes_a_short_text(figure):
    """NaN, infinity and numbers that cannot be do not break the columns."""
    assert all(len(words(figure)) <= 8 for words in (duration, score, temperature))
    assert len(sparkline([figure])) == 1
    if isinstance(figure, int):
        assert len(count(figure)) <= 8


def test_bars_rise_with_the_scores():
    """From the lowest to the highest; beyond the ends at the ends, no number is a blank."""
    assert sparkline(number / 7 for number in range(8)) == "▁▂▃▄▅▆▇█"
    assert sparkline([-1, 2, math.nan]) == "▁█ "


@given(st.text(max_size=40) | st.datetimes().map(lambda at: f"{at.isoformat()}Z"))
def test_any_text_for_a_time_gives_a_time_or_dashes(text):
    """Years 1 to 9999 and rubbish."""
    assert len(clock_time(unix_s(text), 0.0)) in {8, 11}
