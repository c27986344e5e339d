"""Withheld: what nobody may keep, and how far it is known."""

from hypothesis import given
from hypothesis import strategies as st

from edged.runtime.withheld import MOST_MARKS, OLD_S, Withheld

TIMES = st.lists(st.tuples(st.floats(0, 50), st.floats(0.01, 5)), max_size=30)


@given(TIMES)
def test_what_is_marked_is_found_however_marks_touch(stretches):
    """Of every moment that was marked, and of none beside."""
    withheld = Withheld()
    for begin, length in sorted(stretches):
        withheld.mark(begin, begin + length)
    for moment in [at / 7 for at in range(400)]:
        marked = any(begin < moment < begin + length for begin, length in stretches)
        if marked:
            assert withheld.within(moment - 1e-6, moment + 1e-6)
        elif not any(begin - 0.01 <= moment <= begin + length + 0.01 for begin, length in stretches):
            assert not withheld.within(moment - 1e-6, moment + 1e-6)


def test_each_word_has_a_number_of_its_own():
    """Whoever waits for a word can tell a new one from one that was there, whatever it says."""
    withheld = Withheld()
    before = withheld.word
    withheld.clear(5.0)
    withheld.clear(5.0)
    assert (before.number, before.until_s) == (0, float("-inf"))
    assert (withheld.word.number, withheld.word.until_s) == (2, 5.0)


def test_it_grows_without_bound_in_no_case():
    """Old stretches are forgotten as time goes by; if it does not, the oldest."""
    withheld = Withheld()
    withheld.mark(0.0, 1.0)
    withheld.clear(1.0 + OLD_S)
    assert withheld.within(0.0, 1.0)
    withheld.clear(1.1 + OLD_S)
    assert not withheld.within(0.0, 1.0)
    for at in range(MOST_MARKS + 50):
        withheld.mark(10.0 * at, 10.0 * at + 1)
    assert len(withheld.within(0.0, 1e9)) == MOST_MARKS
