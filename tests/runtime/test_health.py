"""Health: parts say how they are; the box is as well as its worst part that is needed."""

import threading
import time

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

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


def test_a_part_that_nobody_needs_does_not_make_the_box_worse():
    """A shadow model may be switched off and the box is well; once a pipeline has the same model, it counts."""
    health = Health()
    health.part("models.main").set(State.OK)
    health.part("models.new", needed=False).set(State.DEGRADED, "switched off as a shadow")
    assert health.state() is State.OK
    assert not health.parts()["models.new"].needed
    health.part("models.new", needed=True)
    assert health.state() is State.DEGRADED
    health.part("models.new", needed=False)
    assert health.state() is State.DEGRADED


def test_a_part_tells_its_remedies_while_they_are_needed():
    """Those of its state and of its conditions, each once; none when it is well again."""
    part = Health().part("sources.mic")
    part.set(State.FAILING, "gone", "plug it in")
    part.condition("silent", on=True, remedy="unmute it")
    part.condition("offset", on=True, remedy="unmute it")
    assert part.snapshot().remedies == ("plug it in", "unmute it")
    part.set(State.OK)
    part.condition("silent", on=False)
    part.condition("offset", on=False)
    assert part.snapshot().remedies == ()


def test_a_part_tells_since_when_it_is_as_it_is():
    """Saying the same again, or for another reason, does not move it; a clock that is set right, puts it right."""
    clock, wall = Clock(), Clock()
    part = Health(clock, wall).part("a")
    clock.now, wall.now = 110.0, 110.0
    part.set(State.FAILING, "gone")
    clock.now, wall.now = 150.0, 150.5
    part.set(State.FAILING, "still gone")
    assert part.snapshot().since_s == 110.0
    wall.now += 1e6
    assert part.snapshot().since_s == pytest.approx(1e6 + 110.5)


def test_a_part_that_flaps_stays_degraded_until_it_is_calm():
    """Up and down six times in five minutes reads so, ok or not; after a minute of calm it is ok again."""
    clock = Clock()
    health = Health(clock)
    part = health.part("sinks.mqtt")
    for _ in range(6):
        part.set(State.OK)
        clock.now += 10
        part.set(State.DEGRADED, "no broker", "start it")
        clock.now += 1
    part.set(State.OK)
    assert part.snapshot().state is State.DEGRADED
    assert part.snapshot().reasons == ("flaps: 6 times in 5 min, last: no broker",)
    assert part.snapshot().remedies == ("start it",)
    before = health.revision
    clock.now += 58
    assert health.revision == before
    clock.now += 1
    assert health.revision == before + 1
    assert (part.snapshot().state, part.snapshot().reasons) == (State.OK, ())


def test_a_part_that_flaps_is_no_storm():
    """That a known fault comes and goes is no news any more; that another one comes, is."""
    clock = Clock()
    health = Health(clock)
    part = health.part("sources.mic")
    for _ in range(20):
        part.set(State.OK)
        part.set(State.FAILING, "gone")
        clock.now += 1
    before = health.revision
    for _ in range(20):
        part.set(State.OK)
        part.set(State.FAILING, "gone")
        clock.now += 1
    assert health.revision == before
    part.set(State.FAILING, "on fire")
    assert health.revision == before + 1


def test_a_part_that_was_switched_off_starts_afresh():
    """Off is meant to be so, and what it did before is forgotten."""
    clock = Clock()
    part = Health(clock).part("pipelines.drones")
    for _ in range(7):
        part.set(State.OK)
        part.set(State.FAILING, "broken")
    part.set(State.OFF)
    assert part.snapshot().state is State.OFF
    part.set(State.OK)
    assert part.snapshot().state is State.OK


def test_a_reason_has_a_limit():
    """What a driver says, however long, does not fill the wire."""
    part = Health().part("a")
    part.set(State.FAILING, "x" * 100_000)
    assert len(part.snapshot().reasons[0]) == 400


def test_a_step_tells_how_long_it_takes():
    """Each step by its name, and no more steps than there is room for."""
    part = Health().part("pipelines.drones")
    for step in range(100):
        part.took(f"step{step}", 0.003)
    part.took("step1", 0.003)
    latency = part.snapshot().latency
    assert len(latency) == 32
    assert (latency["step1"].max_ms, latency["step1"].buckets[-1][1]) == (3.0, 2)


def test_changes_from_many_threads_are_all_seen():
    """Eight threads that raise conditions: not one change is lost."""
    health = Health()

    def raise_all(name: str) -> None:
        for number in range(200):
            health.part(name).condition(str(number), on=True)

    threads = [threading.Thread(target=raise_all, args=(f"part{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert health.revision == 8 * 200


class AnyOrder(RuleBasedStateMachine):
    """One part, told anything at any time; beside it a note of all that was said."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.health = Health(self.clock, self.clock)
        self.part = self.health.part("a")
        self.told, self.conditions = State.STARTING, set[str]()
        self.failing_s = float("-inf")  # when it was last said
        self.falls: list[float] = []
        self.before = self.shown = self.part.state

    def note(self) -> None:
        self.before, self.shown = self.shown, self.part.state
        if self.told is State.FAILING:
            self.failing_s = self.clock.now

    @property
    def said(self) -> State:
        return State.DEGRADED if self.told is State.OK and self.conditions else self.told

    @rule(state=st.sampled_from(State), reason=st.sampled_from(("", "a", "b")))
    def set(self, state: State, reason: str) -> None:
        was, revision = self.said, self.health.revision
        self.note()
        self.told = state
        if not self.said.is_well and RANK[self.said] > RANK[was]:
            self.falls.append(self.clock.now)
        self.part.set(state, reason)
        self.note()
        self.worse_is_news(revision)

    @rule(name=st.sampled_from(("silent", "clipping")), on=st.booleans())
    def condition(self, name: str, on: bool) -> None:
        was, revision = self.said, self.health.revision
        (self.conditions.add if on else self.conditions.discard)(name)
        if not self.said.is_well and RANK[self.said] > RANK[was]:
            self.falls.append(self.clock.now)
        self.part.condition(name, on=on)
        self.note()
        self.worse_is_news(revision)

    @rule(by_s=st.sampled_from((0.1, 1.0, 4.9, 5.1, 30.0, 59.0, 61.0, 400.0)))
    def wait(self, by_s: float) -> None:
        self.note()
        revision = self.health.revision
        self.clock.now += by_s
        self.note()
        assert RANK[self.shown] <= RANK[self.before], "time alone makes nothing worse"
        if self.shown is not self.before:
            assert self.health.revision > revision

    @rule(times=st.integers(2, 8), every_s=st.sampled_from((0.2, 2.0, 20.0)))
    def flap(self, times: int, every_s: float) -> None:
        for _ in range(times):
            self.set(State.FAILING, "a")
            self.wait(every_s)
            self.set(State.OK, "")
            self.wait(every_s)

    def worse_is_news(self, revision: int) -> None:
        if RANK[self.shown] > RANK[self.before]:
            assert self.health.revision > revision

    @invariant()
    def never_better_than_what_is_said(self) -> None:
        assert RANK[self.shown] >= RANK[self.said]

    @invariant()
    def never_worse_than_what_was_said(self) -> None:
        recent = [at_s for at_s in self.falls if self.clock.now - at_s <= 360]
        if len(recent) <= 5:
            assert self.shown is self.said
        if self.shown is State.FAILING:
            assert self.clock.now - self.failing_s <= 5.0

    @invariant()
    def what_is_not_well_has_a_reason_where_one_was_given(self) -> None:
        known = self.part.snapshot()
        if known.state is State.DEGRADED and self.said.is_well:
            assert known.reasons[0].startswith("flaps: ")
        assert known.since_s <= self.clock.now
        assert sum(map(len, known.reasons)) < 200

    def teardown(self) -> None:
        """A last fault lasts; then, once it is over and all is calm, the part is well."""
        self.set(State.FAILING, "a")
        self.wait(400.0)
        assert self.shown is State.FAILING
        self.conditions.clear()
        for name in ("silent", "clipping"):
            self.part.condition(name, on=False)
        self.part.set(State.OK)
        self.clock.now += 61.0
        assert (self.part.state, self.part.snapshot().reasons) == (State.OK, ())


RANK = {State.OFF: 0, State.OK: 0, State.STARTING: 0, State.DEGRADED: 1, State.FAILING: 2}
TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
