"""Health: parts say how they are; the box is as well as its worst part."""

import time

from edged.messages.health import State
from edged.runtime.health import Health


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_box_is_as_well_as_its_worst_part():
    """One failing source makes the box failing; a part that is off does not."""
    health = Health()
    health.part("a").set(State.OK)
    health.part("b").set(State.OFF, "ended")
    assert health.state() is State.OK
    health.part("c").set(State.FAILING, "gone")
    assert health.state() is State.FAILING


def test_a_condition_degrades_an_ok_part_and_says_for_how_long():
    """``silent for 30 s`` appears with its duration and goes when it is over."""
    clock = Clock()
    part = Health(clock).part("sources.mic")
    part.set(State.OK)
    part.condition("silent", on=True, lasted_s=3.0)
    clock.now += 27
    assert part.snapshot().state is State.DEGRADED
    assert part.snapshot().reasons == ("silent for 30 s",)
    part.condition("silent", on=False)
    assert part.snapshot().state is State.OK
    assert part.snapshot().reasons == ()


def test_only_a_change_moves_the_revision():
    """Health is published at changes: saying the same again is none, and counting is none."""
    health = Health()
    part = health.part("a")
    part.set(State.OK)
    before = health.revision
    part.set(State.OK)
    part.condition("silent", on=False)
    part.count("items")
    assert health.revision == before
    part.condition("silent", on=True)
    assert health.revision == before + 1


def test_counters_add_up():
    """What is counted is in the snapshot, which does not change any more."""
    part = Health().part("a")
    part.count("dropped")
    snapshot = part.snapshot()
    part.count("dropped", 2)
    assert snapshot.counters == {"dropped": 1}
    assert part.snapshot().counters == {"dropped": 3}


def test_a_condition_may_say_since_when_by_the_walls_clock():
    """``inputs unlike training since 14:02`` stays as it is while it lasts, in the local time of the box."""
    clock = Clock()
    began = time.mktime((2026, 11, 21, 14, 2, 30, 0, 0, -1))
    part = Health(clock, lambda: began + clock.now - 100.0).part("models.m")
    part.set(State.OK)
    part.condition("inputs unlike training", on=True, by_the_wall=True)
    clock.now += 7200
    part.condition("inputs unlike training", on=True, by_the_wall=True)
    assert part.snapshot().reasons == ("inputs unlike training since 14:02",)
    part.condition("inputs unlike training", on=False)
    assert part.snapshot().reasons == ()
    part.condition("inputs unlike training", on=True, lasted_s=120, by_the_wall=True)
    assert part.snapshot().reasons == ("inputs unlike training since 16:00",)


def test_a_figure_may_go_up_and_down():
    """Unlike a counter; it is no change worth a message of its own."""
    health = Health()
    part = health.part("models.m")
    before = health.revision
    part.show("agreement", 0.9)
    part.show("agreement", 0.8)
    assert part.snapshot().counters == {"agreement": 0.8}
    assert health.revision == before
