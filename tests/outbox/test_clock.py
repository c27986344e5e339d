"""Clock: what waited under a wrong clock gets its true time, and nothing is lost when the clock jumps."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.wire import event_message, rfc3339
from edged.outbox import Outbox, OutboxConfig
from edged.outbox.clock import Moment, age_s, handed_out, marked
from tests.events import an_event
from tests.outbox.clocks import Hands

YEAR_S = 365 * 86400.0


def outbox_of(tmp_path, hands, **config):
    return Outbox(tmp_path / "outbox.sqlite3", OutboxConfig(**config), clock=hands.clock())


def test_accepted_by_a_right_clock_it_says_nothing_more(tmp_path):
    """``synchronised``, and neither boot id nor monotonic time."""
    outbox = outbox_of(tmp_path, Hands())
    outbox(an_event())
    message = outbox.take(1).message
    assert (message.clock, message.boot_id, message.monotonic_s) == ("synchronised", None, None)
    outbox.close()


@pytest.mark.parametrize("word", [False, None])
def test_accepted_by_a_wrong_clock_it_says_so_with_boot_and_monotonic_time(tmp_path, word):
    """Where the kernel does not say, the clock is not trusted either."""
    outbox = outbox_of(tmp_path, Hands(synchronised=word))
    told = []
    outbox.follow(told.append)
    outbox(an_event())
    message = outbox.take(1).message
    assert (message.clock, message.boot_id, message.monotonic_s) == ("unsynchronised", "boot-1", 100.0)
    assert told == [message]
    outbox.close()


def test_once_the_clock_is_right_what_still_waits_gets_its_true_times(tmp_path):
    """By the monotonic clock, which no correction touches."""
    hands = Hands(unix_s=1_700_000_002.5, synchronised=False)
    outbox = outbox_of(tmp_path, hands)
    outbox(an_event())
    hands.pass_s(60)
    hands.unix_s, hands.synchronised = hands.unix_s + YEAR_S, True
    message = outbox.take(1).message
    assert (message.clock, message.boot_id, message.monotonic_s) == ("corrected", None, None)
    assert message.observed_at == rfc3339(1_700_000_002.5 + YEAR_S)
    assert message.started_at == rfc3339(1_700_000_001.0 + YEAR_S)
    assert message.delayed
    outbox.close()


def test_after_another_boot_the_times_stay_as_marked(tmp_path):
    """Nobody can know then how wrong the clock was."""
    outbox = outbox_of(tmp_path, Hands(synchronised=False))
    outbox(an_event())
    outbox.close()
    outbox = outbox_of(tmp_path, Hands("boot-2", 1_700_009_000.0))
    message = outbox.take(1).message
    assert (message.clock, message.boot_id, message.delayed) == ("unsynchronised", "boot-1", True)
    outbox.close()


@pytest.mark.parametrize("jump_s", [-86400.0, YEAR_S])
def test_a_clock_set_back_a_day_or_forward_a_year_loses_nothing(tmp_path, jump_s):
    """Age is told by the monotonic clock; order by ``seq``."""
    hands = Hands()
    outbox = outbox_of(tmp_path, hands)
    for number in range(3):
        outbox(an_event(number=number))
        hands.unix_s += jump_s
        hands.pass_s(6)
        outbox.tend()
    assert [outbox.take(1).seq for _ in range(3)] == [1, 2, 3]
    assert outbox.dropped == 0
    outbox.close()


def test_what_is_too_old_goes_and_is_told(tmp_path):
    """After ``max_age_days``, in this boot and across boots where both clocks were right."""
    hands = Hands()
    outbox = outbox_of(tmp_path, hands, max_age_days=1)
    outbox(an_event(number=1))
    hands.pass_s(86401)
    outbox(an_event(number=2))
    outbox.tend()
    assert outbox.gaps().ranges == [(1, 1)]
    outbox.close()
    outbox = outbox_of(tmp_path, Hands("boot-2", hands.unix_s + 86401), max_age_days=1)
    outbox(an_event(number=3))
    outbox.tend()
    assert outbox.gaps().ranges == [(1, 2)]
    assert outbox.take(1).seq == 3
    outbox.close()


@given(st.floats(0, 4e9), st.floats(0, 1e7), st.floats(0, 1e6), st.floats(-4e9, 4e9))
def test_the_correction_undoes_any_error_of_the_clock(true_s, uptime_s, waited_s, error_s):
    """Whatever it was: what is told is the true time to the millisecond."""
    if not 0 < true_s + error_s < 4e9:
        error_s = 0.0
    accepted = Moment("b", uptime_s, true_s + error_s, synchronised=False)
    event = an_event(epoch_s=accepted.unix_s - 2.5)
    now = Moment("b", uptime_s + waited_s, true_s + waited_s, synchronised=True)
    message = handed_out(marked(event_message(event, 1, accepted.unix_s), accepted), accepted, now, waited=False)
    assert datetime.fromisoformat(message.observed_at).timestamp() == pytest.approx(true_s, abs=0.003)


def test_an_age_that_cannot_be_known_is_not_guessed():
    """A wrong clock then or now, and a boot in between."""
    right, wrong = Moment("a", 5, 1000, synchronised=True), Moment("a", 5, 1000, synchronised=False)
    later = Moment("b", 1, 1500, synchronised=True)
    assert age_s(right, later) == 500
    assert age_s(wrong, later) is None
    assert age_s(right, later._replace(synchronised=False)) is None
    assert age_s(wrong, wrong._replace(monotonic_s=7, unix_s=9e9)) == 2
