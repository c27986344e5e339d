"""Exchange: stages are replaced between two items, put back if they fail, and no item is lost, doubled or split."""

import threading
from concurrent.futures import Future

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edged.messages.health import State
from edged.runtime.exchange import Exchange, Line
from edged.runtime.flow import Flow
from edged.runtime.health import Health


class Mark:
    """Writes its line's name on the item; raises where it is told to, and drops what it is told to."""

    def __init__(self, name: str, *, broken: bool = False, drops: frozenset[int] = frozenset()) -> None:
        self.name, self.broken, self.drops = name, broken, drops

    def __call__(self, item: tuple):
        if self.broken:
            raise RuntimeError(f"{self.name} is broken")
        return () if item[0] in self.drops else ((*item, self.name),)


def line(name: str, **first: object) -> Line:
    """Three stages of one name, the first of which may misbehave."""
    return Line.start(Mark(name, **first)).then(Mark(name)).then(Mark(name))


def through(name: str, number: int) -> tuple:
    return ((number, name, name, name),)


def test_an_offer_takes_effect_at_the_next_item():
    """The future is done once the new stages have answered."""
    exchange = Exchange(line("old"))
    assert exchange((0,)) == through("old", 0)
    answer = exchange.offer(line("new"))
    assert not answer.done()
    assert exchange((1,)) == through("new", 1)
    assert answer.result(0) is None
    assert exchange((2,)) == through("new", 2)


def test_stages_that_raise_on_trial_are_put_back_and_the_item_goes_through_the_old_ones():
    """The offerer learns what they raised; the item comes out once."""
    exchange = Exchange(line("old"))
    answer = exchange.offer(Line.start(Mark("new")).then(Mark("new", broken=True)))
    assert exchange((0,)) == through("old", 0)
    assert str(answer.exception(0)) == "new is broken"
    assert exchange((1,)) == through("old", 1)


def test_the_trial_lasts_until_an_item_has_come_to_the_last_stage():
    """A new line that drops an item early has not answered yet: what raises afterwards is still taken back."""
    exchange = Exchange(line("old"))
    late = Line.start(Mark("new", drops=frozenset({0}))).then(Mark("new", broken=True))
    answer = exchange.offer(late)
    assert exchange((0,)) == ()
    assert not answer.done()
    assert exchange((1,)) == through("old", 1)
    assert answer.exception(0) is not None


def test_a_fault_after_the_trial_is_the_items():
    """Once accepted, stages are like any others: what they raise costs the item and nothing is put back."""
    exchange = Exchange(line("old"))
    new = Mark("new")
    exchange.offer(Line.start(new))
    assert exchange((0,)) == ((0, "new"),)
    new.broken = True
    with pytest.raises(RuntimeError, match="new is broken"):
        exchange((1,))


def test_a_later_offer_takes_the_place_of_one_that_waits():
    """The first is cancelled and never runs."""
    exchange = Exchange(line("old"))
    first, second = exchange.offer(line("first")), exchange.offer(line("second"))
    assert first.cancelled()
    assert exchange((0,)) == through("second", 0)
    assert second.done()


def test_an_offer_can_be_taken_back_until_the_next_item():
    """Cancelling the future is enough."""
    exchange = Exchange(line("old"))
    answer = exchange.offer(line("new"))
    assert answer.cancel()
    assert exchange((0,)) == through("old", 0)


def test_a_stage_that_holds_state_cannot_be_in_a_line():
    """What it holds would be lost when it is replaced."""

    class Holds(Mark):
        def finish(self):
            return ()

    with pytest.raises(TypeError, match="holds: holds state between items"):
        line("new").then(Holds("new"))


def test_onlookers_see_what_came_out_beside_what_went_in():
    """Each output once, and the line gives the same as without them."""
    seen = []
    watched = line("a").shown_to(lambda went, came: seen.append((went, came))).then(Mark("b"))
    assert watched((7,)) == ((7, "a", "a", "a", "b"),)
    assert seen == [((7,), (7, "a", "a", "a"))]


class First:
    def __call__(self, item):
        yield item


class Second(First):
    pass


def test_the_times_of_the_stages_inside_are_told_by_name():
    """``latency_ms`` of an event has the steps of the line in use, in place of the exchange's own."""
    steps = []
    exchange = Exchange(Line.start(First()).shown_to(lambda *_: None))
    flow = Flow.start("test", [1], float).then(exchange).then(lambda item: (item,))
    pipeline = flow.into(health=Health().part("p"), stamp=lambda item, told: steps.append(set(told)) or item)
    pipeline.feed(1)
    exchange.offer(Line.start(First()).shown_to(lambda *_: None).then(Second()))
    pipeline.feed(2)
    assert steps == [{"first", "<lambda>"}, {"first", "second", "<lambda>"}]


class ExchangeMachine(RuleBasedStateMachine):
    """Offers, cancellations and items in any order, beside what ought to be in use."""

    @initialize()
    def begin(self) -> None:
        self.exchange = Exchange(line("0"))
        self.in_use, self.number, self.lines = "0", 0, 0
        self.trial: tuple[str, bool, frozenset, Future] | None = None
        self.waiting: tuple[str, bool, frozenset, Future] | None = None
        self.answers: list[Future] = []

    @rule(broken=st.booleans(), drops=st.frozensets(st.integers(0, 40)))
    def offer(self, broken: bool, drops: frozenset[int]) -> None:
        """A line that may be broken at its second stage and may drop some items at its first."""
        self.lines += 1
        name = str(self.lines)
        stages = Line.start(Mark(name, drops=drops)).then(Mark(name, broken=broken)).then(Mark(name))
        answer = self.exchange.offer(stages)
        if self.waiting:
            assert self.waiting[3].cancelled()
        self.waiting = (name, broken, drops, answer)
        self.answers.append(answer)

    @rule()
    def cancel(self) -> None:
        if self.waiting:
            assert self.waiting[3].cancel()
            self.waiting = None

    @rule()
    def item(self) -> None:
        number, self.number = self.number, self.number + 1
        got = self.exchange((number,))
        if self.trial is None:
            self.trial, self.waiting = self.waiting, None
        if self.trial is None:
            assert got == self.expected(number)
            return
        name, broken, drops, answer = self.trial
        if number in drops:
            assert got == ()
            assert not answer.done()
            return
        self.trial = None
        assert (answer.exception(0) is not None) == broken
        if not broken:
            self.in_use, self.dropped = name, drops
        assert got == self.expected(number)

    dropped: frozenset[int] = frozenset()

    def expected(self, number: int) -> tuple:
        return () if number in self.dropped else through(self.in_use, number)

    @invariant()
    def every_offer_is_answered_or_pending(self) -> None:
        if hasattr(self, "answers"):
            pending = [each[3] for each in (self.trial, self.waiting) if each]
            assert [answer for answer in self.answers if not answer.done()] == pending


TestExchangeAgainstItsModel = ExchangeMachine.TestCase
TestExchangeAgainstItsModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_offers_from_other_threads_lose_and_double_nothing():
    """While two threads offer good and broken lines, each of 5,000 items comes out once, from one line."""
    over, got = threading.Event(), []
    exchange = Exchange(line("start"))

    def offer(name: str) -> None:
        while not over.is_set():
            exchange.offer(line(name, broken=name == "bad"))

    threads = [threading.Thread(target=offer, args=(name,)) for name in ("good", "bad")]
    for thread in threads:
        thread.start()
    health = Health().part("p")
    try:
        Flow.start("test", ((n,) for n in range(5000)), lambda item: item[0]).then(exchange).into(
            got.append, health=health
        ).run()
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert [item[0] for item in got] == list(range(5000))
    assert all(len(item) == 4 and len(set(item[1:])) == 1 for item in got)
    assert {item[1] for item in got} <= {"start", "good"}
    assert health.snapshot().state is State.OFF
    assert "faults" not in health.snapshot().counters
