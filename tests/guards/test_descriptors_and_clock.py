"""The guards of open files and of the clock."""

from edged.guards.clock import Clock
from edged.guards.descriptors import Descriptors, judge
from edged.runtime.finding import Level
from tests.guards.tree import Tree

LIMITS = "Limit                     Soft Limit           Hard Limit           Units\n"
GRACE_S = 600.0


def test_nearly_as_many_open_files_as_may_be_are_told(tree: Tree):
    """From 80 % of the soft limit on."""
    tree.say(limits=f"{LIMITS}Max open files            10                   524288               files     ")
    for number in range(7):
        tree.write(f"proc/self/fd/{number}", "")
    guard = Descriptors(tree.root)
    assert guard.look(0.0).finding.level is Level.OK
    tree.write("proc/self/fd/7", "")
    seen = guard.look(2.0)
    assert seen.finding.level is Level.WARNING
    assert "more than 80 % of the 10 files and sockets" in seen.finding.found
    assert seen.figures == {"used": 8, "limit": 10}
    assert judge(79, 100).found == ""


def test_without_a_limit_there_is_none_to_be_near_to(tree: Tree):
    """And where the kernel does not tell, no part of it stands in health."""
    assert Descriptors(tree.root).look(0.0) is None
    tree.write("proc/self/fd/0", "")
    tree.say(limits=f"{LIMITS}Max open files            unlimited            unlimited            files     ")
    assert Descriptors(tree.root).look(0.0) is None


def test_an_unsynchronised_clock_is_told_at_once_and_makes_the_box_degraded_later():
    """A box that has just started gets its time from the network in a moment."""
    synchronised: list[bool | None] = [False]
    clock = Clock(GRACE_S, lambda: synchronised[0])
    first = clock.look(100.0).finding
    assert first.level is Level.OK
    assert first.found.startswith("is not synchronised")
    assert clock.look(100.0 + GRACE_S).finding.level is Level.WARNING
    synchronised[0] = True
    assert clock.look(800.0).finding.found == ""
    synchronised[0] = False
    assert clock.look(900.0).finding.level is Level.OK
    assert clock.look(900.0 + GRACE_S).finding.level is Level.WARNING


def test_a_kernel_that_does_not_say_is_not_judged():
    """None is no answer."""
    assert Clock(GRACE_S, lambda: None).look(0.0) is None
