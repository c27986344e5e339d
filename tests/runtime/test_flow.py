"""Flow and Pipeline: a chain of stages does what its stages say, in order, and survives their faults."""

from collections.abc import Iterator

import pytest

from edged.messages.health import State
from edged.runtime.exchange import Line
from edged.runtime.flow import INTERRUPTION, Flow, Tap, snake_case
from edged.runtime.health import Health
from edged.runtime.watchdog import Pulse


def twice(item: int) -> tuple[int, int]:
    return item, item * 10


def odd(item: int) -> tuple[int, ...]:
    return (item,) if item % 2 else ()


def divide(item: int) -> tuple[int, ...]:
    return (6 // item,)


class Pairs:
    """Gives two items as one; holds the first of a pair, and is late by a watermark of 100."""

    def __init__(self) -> None:
        self.held: int | None = None

    def __call__(self, item: int) -> tuple[int, ...]:
        if self.held is None:
            self.held = item
            return ()
        first, self.held = self.held, None
        return (first + item,)

    def advance(self, now_s: float) -> tuple[int, ...]:
        return self.finish() if now_s >= 100 else ()

    def finish(self) -> tuple[int, ...]:
        last, self.held = self.held, None
        return () if last is None else (last,)


def run(source, *stages):
    health, got = Health(), []
    flow = Flow.start("test", source, float)
    for stage in stages:
        flow = flow.then(stage)
    flow.into(got.append, health=health.part("p")).run()
    return got, health.part("p").snapshot()


def test_nothing_means_filtered_and_many_means_fan_out():
    """A stage's outputs go on one by one, in order; none ends the way of that item."""
    assert run([1, 2, 3], odd, twice)[0] == [1, 10, 3, 30]


def test_what_a_stage_still_holds_comes_out_at_the_end_through_later_stages():
    """``finish`` is asked of every stage, and what it gives passes the stages after it."""
    assert run([1, 2, 3], Pairs(), twice)[0] == [3, 30, 3, 30]


def test_an_interruption_finishes_the_stages_and_the_chain_goes_on():
    """What came before an interruption is never joined with what comes after."""
    assert run([1, INTERRUPTION, 2, 4], Pairs())[0] == [1, 6]


def test_the_watermark_reaches_stages_that_got_no_item():
    """``advance`` tells a stage that time has gone by, even when an earlier stage filtered the item."""
    assert run([1, 100], lambda item: (item,) if item < 100 else (), Pairs())[0] == [1]


def test_a_raising_stage_costs_the_item_and_is_counted(caplog):
    """The item is lost, counted and logged once; the others arrive."""
    got, health = run([1, 0, 2], lambda item: (6 // item,))
    assert got == [6, 3]
    assert health.counters["faults"] == 1
    assert "item lost" in caplog.text


class Breaks:
    """Raises at 0 and, at the end, if it is told to."""

    def __init__(self, *, late: bool = False) -> None:
        self.late = late

    def __call__(self, item: int) -> tuple[int, ...]:
        return (6 // item,)

    def advance(self, now_s: float) -> tuple[int, ...]:
        if now_s == 100:
            raise OSError("no time")
        return ()

    def finish(self) -> Iterator[int]:
        yield 1
        if self.late:
            raise KeyError("late")


@pytest.mark.parametrize(
    ("items", "stages", "counter"),
    [
        ([1, 0, 2], (twice, Breaks()), "faults_breaks_ZeroDivisionError"),
        ([1, 100, 2], (twice, Breaks()), "faults_breaks_OSError"),
        ([1, 2], (twice, Breaks(late=True)), "faults_breaks_KeyError"),
        ([1, 0, 2], (Line.start(twice).then(divide),), "faults_divide_ZeroDivisionError"),
    ],
    ids=["at an item", "at the watermark", "at the end", "in a line of stages"],
)
def test_a_fault_is_counted_by_the_stage_that_raised_it(items, stages, counter):
    """Whatever it was doing; that pipeline goes on."""
    counters = run(items, *stages)[1].counters
    assert counters[counter] == counters["faults"] > 0


def test_a_fault_of_a_sink_is_the_sinks():
    """No stage is blamed for it."""
    health = Health().part("p")

    def full(_item):
        raise OSError("disk full")

    Flow.start("test", [1], float).then(odd).into(full, health=health).run()
    assert health.snapshot().counters["faults_sinks_OSError"] == 1


def test_health_tells_of_a_lost_item_until_the_pipeline_ends():
    """What raised, where; the next pipeline of that name begins with a clean slate."""
    health, seen = Health().part("p"), []

    def look(item):
        seen.append(health.snapshot())
        return (6 // item,)

    Flow.start("test", [1, 0, 2], float).then(look).into(health=health).run()
    assert [snapshot.state for snapshot in seen] == [State.OK, State.OK, State.DEGRADED]
    assert "loses items, look: ZeroDivisionError" in seen[2].reasons[0]
    assert health.snapshot().reasons == ()


def test_the_pulse_beats_with_each_item_and_rests_between_them():
    """An idle pipeline is not stuck, however long its source is silent; one that is at an item may be."""
    now_s, seen = [0.0], []

    def source():
        for item in (1, 2):
            now_s[0] += 100
            seen.append(pipeline.pulse.stuck())
            yield item

    def slow(item):
        now_s[0] += 10
        seen.append(pipeline.pulse.stuck().for_s)
        return (item,)

    pipeline = Flow.start("test", source(), float).then(slow).into(health=Health().part("p"))
    pipeline.pulse = Pulse(5, lambda: now_s[0])
    pipeline.run()
    assert seen == [None, 10, None, 10]
    assert pipeline.pulse.stuck() is None


def test_ten_faults_in_a_row_end_the_pipeline_with_the_fault():
    """A stage that always raises is broken: the pipeline fails and says why."""
    health = Health()
    flow = Flow.start("test", [0] * 20, float).then(lambda item: (1 // item,))
    with pytest.raises(ZeroDivisionError):
        flow.into(health=health.part("p")).run()
    snapshot = health.part("p").snapshot()
    assert snapshot.state is State.FAILING
    assert "ZeroDivisionError" in snapshot.reasons[0]


def test_every_sink_gets_every_item_with_the_times_of_the_stages():
    """``stamp`` sees the milliseconds of each stage by name."""
    first, second = [], []
    flow = Flow.start("test", [1], float).then(Pairs()).then(twice)
    flow.into(first.append, second.append, health=Health().part("p"), stamp=lambda item, steps: (item, steps)).run()
    assert first == second
    assert [item for item, _ in first] == [1, 10]
    assert {"pairs", "twice"} == set(first[0][1])
    assert all(ms >= 0 for ms in first[0][1].values())


def test_a_tap_shows_items_and_changes_nothing():
    """An onlooker sees what passes."""
    seen = []
    assert run([1, 2], Tap(seen.append))[0] == seen == [1, 2]


def test_stage_names_are_snake_case():
    """Steps in ``latency_ms`` read like the rest of the JSON."""
    assert snake_case("ComputeLogMel") == "compute_log_mel"


def test_a_stage_for_one_kind_leaves_the_others_alone():
    """They pass by in order; what the stage holds back still comes out at the end."""
    got, health = [], Health().part("p")
    Flow.start("test", [1, 2.5, 2, 3], float).on(int, Pairs()).into(got.append, health=health).run()
    assert got == [2.5, 3, 3]
