"""Fork: stages beside one another."""

import pytest

from edged.runtime.flow import step_name
from edged.runtime.fork import Fork


class AddUp:
    """Gives its sum when time goes by, and at the end."""

    def __init__(self, name):
        self.name, self.sum = name, 0

    def __call__(self, number):
        self.sum += number
        yield self.name, number

    def advance(self, now_s):
        yield self.name, now_s, self.sum

    def finish(self):
        yield self.name, "end", self.sum


def made():
    return Fork({"odd": AddUp("odd"), "even": AddUp("even")}, lambda number: "odd" if number % 2 else "even")


def test_an_item_goes_through_the_branch_that_is_picked_and_no_other():
    """Each branch has its own state."""
    fork = made()
    assert [item for number in (1, 2, 3) for item in fork(number)] == [("odd", 1), ("even", 2), ("odd", 3)]
    assert list(fork.finish()) == [("odd", "end", 4), ("even", "end", 2)]


def test_time_goes_by_for_all_branches():
    """Those that got nothing, too."""
    fork = made()
    list(fork(1))
    assert list(fork.advance(7.0)) == [("odd", 7.0, 1), ("even", 7.0, 0)]


def test_stages_without_state_are_asked_nothing():
    """They need neither ``advance`` nor ``finish``."""
    fork = Fork({"all": lambda number: (number,)}, lambda _: "all")
    assert [list(fork(3)), list(fork.advance(1.0)), list(fork.finish())] == [[3], [], []]


def test_its_step_is_called_as_its_branches_are():
    """In an event's latency stands what was done, not how it is arranged."""
    assert step_name(made()) == "add_up"


def test_a_fork_without_branches_is_an_error():
    """It could take no item."""
    with pytest.raises(ValueError, match="at least one"):
        Fork({}, str)
