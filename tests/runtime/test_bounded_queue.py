"""BoundedQueue: the oldest goes when it is full, counted; holes and interruptions are told where they are."""

import threading
import tracemalloc
from dataclasses import dataclass, field
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.flow import INTERRUPTION


@dataclass
class Model:
    """All that was ever put in, in order; ``None`` is an interruption."""

    capacity: int
    waiting: list[int | None] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    after_hole: set[int] = field(default_factory=set)

    def put(self, item: int) -> None:
        self.waiting.append(item)
        items = [it for it in self.waiting if it is not None]
        if len(items) > self.capacity:
            self.waiting.remove(items[0])
            self.dropped.append(items[0])
            self.after_hole.add(items[1])
        self.merge()

    def interrupt(self) -> None:
        self.waiting.append(None)
        self.merge()

    def merge(self) -> None:
        pairs = zip(self.waiting, [0, *self.waiting], strict=False)
        self.waiting = [it for it, before in pairs if not (it is None and before is None)]


class QueueMachine(RuleBasedStateMachine):
    """A queue beside its model, under any order of calls."""

    @initialize(capacity=st.integers(1, 4))
    def begin(self, capacity: int) -> None:
        self.model, self.dropped, self.next = Model(capacity), [], 0
        self.queue: BoundedQueue = BoundedQueue(capacity, self.dropped.append, lambda item: ("gap", item))
        self.taking = iter(self.queue)
        self.owed: object = None

    @rule()
    def put(self) -> None:
        self.queue.put(self.next)
        self.model.put(self.next)
        self.next += 1

    @rule()
    def interrupt(self) -> None:
        self.queue.interrupt()
        self.model.interrupt()

    @precondition(lambda self: self.model.waiting)
    @rule()
    def take(self) -> None:
        """An interruption and the item behind it are taken together: between the two nothing can be dropped."""
        self._take_one()
        if self.model.waiting and self.took is INTERRUPTION:
            self._take_one()

    def _take_one(self) -> None:
        expected = self.model.waiting.pop(0)
        self.took = next(self.taking)
        if expected is None:
            assert self.took is INTERRUPTION
        else:
            assert self.took == (("gap", expected) if expected in self.model.after_hole else expected)

    @invariant()
    def bounded_and_counted(self) -> None:
        assert len(self.queue) == len([it for it in self.model.waiting if it is not None]) <= self.model.capacity
        assert self.dropped == self.model.dropped

    def teardown(self) -> None:
        if not hasattr(self, "queue"):
            return
        self.queue.close()
        while self.model.waiting:
            self._take_one()
        assert list(self.taking) == []


TestQueueAgainstItsModel = QueueMachine.TestCase
TestQueueAgainstItsModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_capacity_must_be_positive():
    """A queue that can hold nothing is refused."""
    with pytest.raises(ValueError, match="capacity: 0, must be at least 1"):
        BoundedQueue(0)


def test_interruptions_alone_do_not_make_it_grow():
    """A source that flaps while its pipeline stands still costs no more memory than the queue's capacity."""
    queue: BoundedQueue[int] = BoundedQueue(2)
    for number in range(1000):
        queue.interrupt()
        queue.put(number)
    queue.close()
    assert list(queue) == [INTERRUPTION, 998, INTERRUPTION, 999]


def test_an_interruption_outlives_the_items_around_it():
    """Overflow may drop what stands on both sides of an interruption, but not hide that there was one."""
    queue: BoundedQueue[object] = BoundedQueue(1, mark_gap=lambda item: ("gap", item))
    queue.put("before")
    queue.interrupt()
    queue.put("after")
    queue.put("later")
    queue.close()
    assert list(queue) == [INTERRUPTION, ("gap", "later")]


def test_a_waiting_reader_wakes_for_an_item_an_interruption_and_the_end():
    """Iteration waits while there is nothing, without being asked again."""
    queue: BoundedQueue[str] = BoundedQueue(4)
    taken: list[object] = []
    more = threading.Semaphore(0)

    def read() -> None:
        for item in queue:
            taken.append(item)
            more.release()

    reader = threading.Thread(target=read)
    reader.start()
    queue.put("sound")
    assert more.acquire(timeout=2)
    queue.interrupt()
    assert more.acquire(timeout=2)
    queue.close()
    reader.join(2)
    assert not reader.is_alive()
    assert taken == ["sound", INTERRUPTION]


@given(st.integers(1, 4), st.lists(st.none() | st.integers()))
def test_whoever_polls_gets_items_alone_and_then_the_end(capacity: int, sent: list[int | None]) -> None:
    """The newest, as they were put in; interruptions (None) are not told, and neither is a hole."""
    queue: BoundedQueue[int] = BoundedQueue(capacity, mark_gap=lambda item: item + 1)
    for item in sent:
        if item is None:
            queue.interrupt()
        else:
            queue.put(item)
    queue.close()
    assert list(queue.poll(0)) == [item for item in sent if item is not None][-capacity:]


def test_whoever_polls_is_told_when_nothing_comes_and_can_wait_on() -> None:
    """None after each wait in vain, the item as soon as it is there, and the end wakes too."""
    queue: BoundedQueue[str] = BoundedQueue(1)
    polling = queue.poll(0.01)
    assert [next(polling), next(polling)] == [None, None]
    queue.put("frame")
    assert next(polling) == "frame"
    assert next(polling) is None
    for act, expected in ((lambda: queue.put("late"), ["late"]), (queue.close, [])):
        taken: list[str | None] = []
        reader = threading.Thread(target=lambda taken=taken: taken.extend(islice(queue.poll(60), 1)))
        reader.start()
        act()
        reader.join(5)
        assert not reader.is_alive()
        assert taken == expected


def test_a_reader_slower_than_the_source_costs_no_memory():
    """Of a flood, the newest stay, everything else is counted, and memory is that of the capacity."""
    dropped = 0

    def count(_: bytes) -> None:
        nonlocal dropped
        dropped += 1

    queue = BoundedQueue[bytes](10, count)
    tracemalloc.start()
    for number in range(2000):
        queue.put(number.to_bytes(2, "big") * 5000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    queue.close()
    assert [int.from_bytes(item[:2], "big") for item in queue if isinstance(item, bytes)] == list(range(1990, 2000))
    assert dropped == 1990
    assert peak < 20 * 10_000
