"""Flapping: bad news counts at once, good news only once it lasts."""

import pytest

from edged.messages.health import State
from edged.runtime.flapping import MOST_KEPT, Damping, Flapping


def flapping(falls=6, to=State.FAILING):
    """One that has fallen so often, once a second, the last time at 0 s; and is up again since 0.5 s."""
    part = Flapping(Damping())
    for number in range(falls):
        part.say(to, number - falls + 1.0)
        part.say(State.OK, number - falls + 1.5)
    return part


def test_failing_is_shown_for_a_while_after_it_was_true():
    """Five seconds; then the part is degraded, until it has not fallen for a minute."""
    part = flapping()
    assert [part.shown(at_s) for at_s in (0.6, 5.4)] == [State.FAILING, State.FAILING]
    assert [part.shown(at_s) for at_s in (5.6, 59.9)] == [State.DEGRADED, State.DEGRADED]
    assert part.shown(60.0) is State.OK


def test_what_was_only_degraded_is_shown_no_worse():
    """It flaps between ok and degraded: degraded."""
    part = flapping(to=State.DEGRADED)
    assert part.shown(0.6) is State.DEGRADED
    assert part.shown(60.0) is State.OK


@pytest.mark.parametrize("state", [State.FAILING, State.DEGRADED])
def test_a_fault_that_lasts_is_shown_for_as_long(state):
    """Flapping or not."""
    part = flapping()
    part.say(state, 7.0)
    assert [part.shown(at_s) for at_s in (7.0, 60.0, 1e6)] == [state, state, state]
    assert part.words(1e6) == ""


def test_worse_is_shown_at_once_while_it_flaps():
    """Degraded before, failing now."""
    part = flapping()
    assert part.shown(10.0) is State.DEGRADED
    part.say(State.FAILING, 10.0)
    assert part.shown(10.0) is State.FAILING


def test_falling_now_and_then_is_no_flapping():
    """Once a minute and a second, for hours: each time it is shown as it is."""
    part = Flapping(Damping())
    for minute in range(200):
        part.say(State.FAILING, minute * 61.0)
        assert part.words(minute * 61.0) == ""
        part.say(State.OK, minute * 61.0 + 1)
        assert part.shown(minute * 61.0 + 1) is State.OK


def test_the_way_down_is_one_fall():
    """Degraded, then failing, then ok: a part that is slow to break does not count twice."""
    part = Flapping(Damping())
    for number in range(5):
        for state in (State.DEGRADED, State.FAILING, State.OK):
            part.say(state, float(number))
    assert part.words(5.0) == ""
    part.say(State.FAILING, 5.0)
    assert part.words(5.0) == "flaps: 6 times in 5 min"


def test_only_the_last_five_minutes_count():
    """Five falls long ago and one now are one."""
    part = flapping(falls=5)
    part.say(State.FAILING, 301.0)
    assert part.words(301.0) == ""


def test_a_part_gone_wild_takes_no_more_room():
    """However often it falls, so many are remembered."""
    part = flapping(falls=10_000)
    assert part.falls(0.6) <= MOST_KEPT
