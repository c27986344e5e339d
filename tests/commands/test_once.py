"""Each change is let through once, for as long as it could come again."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.commands import CommandError
from edged.commands.once import MOST, Once
from edged.messages.requests import RestartRequest
from edged.messages.wire import rfc3339
from tests.commands.box import NOW_S

AGE_S = 60.0


class Gate:
    """Two clocks, and who was let through."""

    def __init__(self, before=()):
        self.now_s, self.box_s = 0.0, NOW_S
        self.once = Once(AGE_S, before, lambda: self.now_s)

    def pass_s(self, seconds):
        self.now_s += seconds
        self.box_s += seconds

    def admits(self, transaction, at_s):
        try:
            self.once.admit(RestartRequest(transaction=transaction, at=rfc3339(at_s), part="daemon"), self.box_s)
        except CommandError:
            return False
        return True


steps = st.tuples(st.just("pass"), st.floats(0, 100)) | st.tuples(
    st.just("ask"), st.tuples(st.sampled_from("abc"), st.sampled_from([-80, -60, -30, 0, 30, 60, 80]))
)


@given(st.lists(steps, max_size=40), st.floats(-100_000, 100_000))
def test_no_message_is_let_through_twice(steps, clock_set_by_s):
    """However old it is, and even where the box's clock is set in between; and none outside the window."""
    gate, sent = Gate(), []
    for what, how in steps:
        if what == "pass":
            gate.pass_s(how)
        else:
            transaction, offset_s = how
            at_s = gate.box_s + offset_s
            if gate.admits(transaction, at_s):
                assert abs(offset_s) <= AGE_S + 0.001
                sent.append((transaction, at_s))
    for back_s in (0, clock_set_by_s):
        gate.box_s += back_s
        assert not any(gate.admits(*message) for message in sent)


def test_a_transaction_may_be_used_again_when_it_is_long_past():
    """Whoever counts from 1 each day is not locked out; within the window nobody can use it, whenever they ask."""
    gate = Gate()
    assert gate.admits("1", gate.box_s + 60)
    gate.pass_s(119)
    assert not gate.admits("1", gate.box_s)
    gate.pass_s(2)
    assert gate.admits("1", gate.box_s)


def test_a_message_of_yesterday_is_refused_where_the_clock_is_set_back_to_yesterday():
    """What was let through is remembered for longer than it could come by an honest clock."""
    gate = Gate()
    yesterday_s = gate.box_s
    assert gate.admits("1", yesterday_s)
    gate.pass_s(86_400)
    gate.box_s = yesterday_s
    assert not gate.admits("1", yesterday_s)
    assert gate.admits("2", yesterday_s)


def test_when_there_is_no_room_a_change_is_refused_and_none_forgotten():
    """Until the oldest could not come again in any case."""
    gate = Gate()
    assert all(gate.admits(str(number), gate.box_s) for number in range(MOST))
    assert not gate.admits("more", gate.box_s)
    assert not gate.admits("0", gate.box_s)
    gate.pass_s(121)
    assert gate.admits("more", gate.box_s)
    assert len(gate.once._changes) == MOST


def test_a_transaction_that_was_used_again_is_not_the_first_to_be_forgotten():
    """Nor does it stand in the way of forgetting others."""
    gate = Gate()
    assert all(gate.admits(str(number), gate.box_s) for number in range(MOST))
    gate.pass_s(121)
    assert gate.admits("0", gate.box_s)
    assert gate.admits("more", gate.box_s)
    assert not gate.admits("0", gate.box_s)


@pytest.mark.parametrize("count", [1, MOST, MOST + 5])
def test_the_latest_changes_of_an_edged_before_are_remembered(count):
    """As many as there is room for; they hinder nobody for longer than the window."""
    gate = Gate([(str(number), NOW_S) for number in range(count)])
    assert len(gate.once._changes) == min(count, MOST)
    assert not gate.admits(str(count - 1), NOW_S)
    gate.pass_s(121)
    assert gate.admits("new", gate.box_s)
    assert all(gate.admits(str(number), gate.box_s) for number in itertools.islice(range(count), 3))


@pytest.mark.parametrize("box_s", [-62_200_000_000.0, 1e12, 0.0])
def test_a_clock_that_is_far_off_is_told_as_well_as_can_be(box_s):
    """Even where it shows no year that there is."""
    gate = Gate()
    gate.box_s = box_s
    assert not gate.admits("1", NOW_S)
