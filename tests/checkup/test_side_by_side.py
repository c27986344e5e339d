"""Checks run side by side: what breaks or hangs costs the others nothing."""

import threading

from edged.checkup.box import Box
from edged.checkup.side_by_side import check_up, each
from edged.checkup.table import Check
from edged.config import Fault
from edged.runtime.finding import Finding, Level

FINE = Finding(Level.OK, "part", "is well")


def test_each_is_told_in_order_whatever_comes_first(tmp_path):
    """The first check waits for the second one, so they do run at once."""
    second, done = threading.Event(), []

    def slow(_box):
        assert second.wait(10)
        yield FINE

    def quick(_box):
        yield FINE
        second.set()

    found = check_up({"slow": Check(slow, ""), "quick": Check(quick, "")}, Box(), done.append)
    assert found == {"slow": [FINE], "quick": [FINE]}
    assert list(found) == ["slow", "quick"]
    assert sorted(done) == ["quick", "slow"]


def test_a_check_that_breaks_is_a_finding_beside_what_it_found():
    """And no traceback."""

    def breaks(_box):
        yield FINE
        raise ZeroDivisionError("division by zero")

    found = check_up({"odd": Check(breaks, ""), "fine": Check(lambda _: [FINE], "")}, Box())
    assert found["fine"] == [FINE]
    assert found["odd"][0] == FINE
    assert found["odd"][1].found == "the check broke: ZeroDivisionError: division by zero"
    assert found["odd"][1].level is Level.FAULT


def test_a_check_that_hangs_is_left_behind():
    """What it found before stays."""
    never = threading.Event()

    def hangs(_box):
        yield FINE
        never.wait(30)
        yield FINE

    try:
        found = check_up({"odd": Check(hangs, "", 0.1)}, Box())
    finally:
        never.set()
    assert found["odd"][0] == FINE
    assert "no answer within 0.1 s" in found["odd"][1].found


def test_with_a_faulty_configuration_only_what_does_not_need_it_is_checked():
    """The others would speak of the defaults."""
    box = Box(faults=(Fault(("mqtt",), "is wrong"),))
    checks = {"needs": Check(lambda _: [FINE], ""), "not": Check(lambda _: [FINE], "", needs_settings=False)}
    found = check_up(checks, box)
    assert found["not"] == [FINE]
    assert found["needs"][0].level is Level.WARNING
    assert "configuration" in found["needs"][0].found


def test_things_are_looked_at_at_once():
    """Each in its time; the findings stand in the order of the things."""
    meet = threading.Barrier(3, timeout=10)

    def look(thing):
        meet.wait()
        yield Finding(Level.OK, thing, "is there")

    assert [one.about for one in each(look, {"a": "a", "b": "b", "c": "c"}, 20)] == ["a", "b", "c"]
