"""Capture: reads a source on a thread of its own, opens it again when it is lost, and says how it is."""

import threading
import time
from collections.abc import Callable, Generator, Iterator

import pytest

from edged.errors import DeviceLostError, RecordingError
from edged.messages.health import State
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.capture import MOST_LEFT_BEHIND, STALL_S, Capture
from edged.runtime.flow import INTERRUPTION, Flow
from edged.runtime.health import Health, Part


class ScriptedSource:
    """A source that does what its script says, a list of steps for each time it is opened.

    A step is an item, an error to raise, or something to call (to wait, for example). The last script is used for ever.
    """

    def __init__(self, *scripts: list[object]) -> None:
        self._scripts = list(scripts)
        self.opened_at: list[float] = []
        self.closed = 0

    def stream(self) -> Generator[object, None, None]:
        script = self._scripts[min(len(self.opened_at), len(self._scripts) - 1)]
        self.opened_at.append(time.monotonic())
        try:
            for step in script:
                if isinstance(step, Exception):
                    raise step
                if callable(step):
                    yield from step()
                else:
                    yield step
        finally:
            self.closed += 1


class BlockedForEver:
    """A step that does not return before the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def __call__(self) -> Iterator[object]:
        self.over.wait(60)
        return iter(())


def nothing_yet(seconds: float) -> Callable[[], Iterator[None]]:
    """A step in which the source lives, but gives nothing."""

    def step() -> Iterator[None]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.05)
            yield None

    return step


@pytest.fixture
def health() -> Part:
    return Health().part("sources.scripted")


@pytest.fixture
def blocked() -> Iterator[BlockedForEver]:
    step = BlockedForEver()
    yield step
    step.over.set()


def wait_until(true: Callable[[], object], within_s: float = 5.0) -> None:
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.005)


def captured(source: ScriptedSource, health: Part, **options: object) -> tuple[Capture, BoundedQueue]:
    capture: Capture = Capture("scripted", source, health, **options)
    queue = capture.subscribe(100)
    capture.start()
    return capture, queue


def test_items_reach_every_queue_in_order_and_the_end_ends_them(health):
    """Whoever listens gets everything; where the source ends for good, so do the queues, and health says off."""
    source = ScriptedSource([1, 2, None, 3])
    capture: Capture = Capture("scripted", source, health)
    queues = [capture.subscribe(10), capture.subscribe(10)]
    capture.start()
    assert [list(queue) for queue in queues] == [[1, 2, 3], [1, 2, 3]]
    wait_until(lambda: not capture.running)
    assert health.snapshot().reasons == ("ended",)
    assert health.state is State.OFF
    assert source.closed == 1


def test_a_lost_device_is_opened_again_after_a_short_wait(health):
    """What came before and after the loss is kept, with an interruption between, and the loss is counted."""
    source = ScriptedSource([1, DeviceLostError("unplugged")], [2, 3])
    _, queue = captured(source, health)
    assert list(queue) == [1, INTERRUPTION, 2, 3]
    assert 0.25 <= source.opened_at[1] - source.opened_at[0] <= 0.7
    assert health.snapshot().counters == {"lost": 1}


def test_waits_between_tries_grow_and_the_loss_is_counted_once(health):
    """A device that stays away is tried ever more rarely; health keeps the latest reason, in one line."""
    source = ScriptedSource([DeviceLostError("no such device\n  0  other device")])
    capture, _ = captured(source, health)
    wait_until(lambda: len(source.opened_at) >= 3, 6)
    capture.stop(1)
    waits = [after - before for before, after in zip(source.opened_at, source.opened_at[1:], strict=False)]
    assert all(least <= wait <= 2 * least + 0.3 for least, wait in zip([0.25, 0.5], waits, strict=False))
    assert health.snapshot().reasons == ("no such device",)
    assert health.snapshot().counters == {"lost": 1}


def test_sound_after_a_loss_makes_it_well_again(health):
    """The state is ok with the first item, and the next loss waits briefly again."""
    source = ScriptedSource([DeviceLostError("away")], [DeviceLostError("away")], [1, nothing_yet(0.3), 2])
    capture, _ = captured(source, health)
    wait_until(lambda: health.state is State.OK)
    assert health.snapshot().reasons == ()
    capture.stop(1)


def test_a_source_that_gives_nothing_is_lost_after_the_stall_limit(health):
    """Alive but dumb is noticed within 5 s, and the source is closed and opened again."""
    source = ScriptedSource([1, nothing_yet(60)], [2])
    began = time.monotonic()
    _, queue = captured(source, health)
    wait_until(lambda: health.state is State.FAILING)
    assert STALL_S <= time.monotonic() - began < 5
    assert "gave nothing for 3" in health.snapshot().reasons[0]
    assert list(queue) == [1, INTERRUPTION, 2]
    assert source.closed == 2


def test_a_read_that_does_not_return_is_noticed_by_the_check(health, blocked):
    """The main thread's check, called each second, says so within 5 s of the last item."""
    capture, queue = captured(ScriptedSource([1, blocked]), health)
    began = time.monotonic()
    while health.state is not State.FAILING and time.monotonic() - began < 6:
        capture.check()
        time.sleep(0.2)
    assert time.monotonic() - began < 5
    assert "a read has not returned for 3 s" in health.snapshot().reasons[0]
    items = iter(queue)
    assert [next(items), next(items)] == [1, INTERRUPTION]
    began = time.monotonic()
    capture.stop(0.2)
    assert time.monotonic() - began < 0.5
    assert list(items) == []


def test_a_read_that_never_returns_is_left_behind_and_the_source_opened_anew(health, blocked):
    """Another thread takes over; when the first one returns after all, nobody listens to it any more."""
    source = ScriptedSource([1, blocked, 666], [2, 3, nothing_yet(1), 4])
    capture, queue = captured(source, health)
    while len(source.opened_at) < 2:
        capture.check()
        time.sleep(0.2)
    items = iter(queue)
    assert [next(items) for _ in range(4)] == [1, INTERRUPTION, 2, 3]
    wait_until(lambda: health.state is State.OK)
    blocked.over.set()
    assert list(items) == [4]
    assert not capture.running


def test_opening_may_take_longer_than_a_read(health, blocked):
    """Health says so in time, but the try goes on for ``opening_s``: a slow camera would never be opened otherwise."""
    source = ScriptedSource([nothing_yet(STALL_S + 0.5), 1, blocked])
    capture, queue = captured(source, health, opening_s=STALL_S + 2)
    while not len(queue):
        capture.check()
        time.sleep(0.1)
    assert health.state is State.OK
    assert len(source.opened_at) == 1
    capture._alive_at -= STALL_S + 0.1  # what the clock would do
    capture.check()
    wait_until(lambda: len(source.opened_at) == 2)
    capture.stop(0.2)


def test_opening_that_does_not_return_is_said_at_once_and_left_behind_later(health, blocked):
    """Failing after ``STALL_S``; another try begins after ``opening_s``."""
    source = ScriptedSource([blocked])
    capture, _ = captured(source, health, opening_s=10)
    wait_until(lambda: source.opened_at)
    capture._alive_at -= STALL_S + 0.1  # what the clock would do
    capture.check()
    assert health.state is State.FAILING
    assert not capture._left_behind
    capture._alive_at -= 10
    capture.check()
    assert len(capture._left_behind) == 1
    capture.stop(0.2)


def test_no_more_threads_are_left_behind_than_the_limit(health, blocked):
    """A driver that hangs at every try costs a bounded number of threads; then only a new process helps."""
    capture, _ = captured(ScriptedSource([blocked]), health)
    assert not capture.stuck
    for _ in range(3 * MOST_LEFT_BEHIND):
        capture._alive_at -= 10  # what the clock would do
        capture.check()
    assert (
        len([thread for thread in threading.enumerate() if thread.name == "capture-scripted"]) <= MOST_LEFT_BEHIND + 1
    )
    assert capture.stuck
    capture.stop(0.2)


def test_an_unreadable_recording_is_not_tried_again(health):
    """What would be the same again ends the source for good, failing, with its reason."""
    source = ScriptedSource([1, RecordingError("x.wav: damaged")])
    capture, queue = captured(source, health)
    assert list(queue) == [1, INTERRUPTION]
    wait_until(lambda: not capture.running)
    assert (health.state, health.snapshot().reasons) == (State.FAILING, ("x.wav: damaged",))
    assert len(source.opened_at) == 1


def test_an_error_of_a_driver_is_logged_once_and_the_source_opened_again(health, caplog):
    """A bug in a driver costs the sound of a moment, not the box, nor a log full of the same."""
    source = ScriptedSource([ZeroDivisionError("driver")], [ZeroDivisionError("driver")], [1])
    _, queue = captured(source, health)
    assert set(items := list(queue)) == {INTERRUPTION, 1}
    assert items[-1] == 1
    assert [record.message for record in caplog.records].count("source failed") == 1


def test_stopping_closes_the_source_at_once(health):
    """A source that lives is closed by its own thread, and its waits do not delay the end."""
    source = ScriptedSource([1, nothing_yet(60)])
    capture, queue = captured(source, health)
    wait_until(lambda: len(queue) == 1)
    began = time.monotonic()
    capture.stop(2)
    assert time.monotonic() - began < 0.5
    assert not capture.running
    assert source.closed == 1
    assert list(queue) == [1]


def test_stopping_does_not_wait_for_the_next_try(health):
    """While a lost source waits to be opened again, stopping takes no time."""
    capture, _ = captured(ScriptedSource([DeviceLostError("away")]), health)
    wait_until(lambda: health.state is State.FAILING)
    began = time.monotonic()
    capture.stop(2)
    assert time.monotonic() - began < 0.3


def test_stopping_before_the_start_is_harmless(health):
    """The daemon may have to stop before every source has started."""
    capture: Capture = Capture("scripted", ScriptedSource([1]), health)
    queue = capture.subscribe(1)
    capture.stop(1)
    assert list(queue) == []


def test_inspection_may_mend_each_item(health):
    """What the queues get is what the inspection made of it."""
    _, queue = captured(ScriptedSource([1, 2]), health, inspect=lambda item: item * 10)
    assert list(queue) == [10, 20]


def test_what_inspection_finds_to_be_lost_has_not_come_back(health):
    """A source that gives only what is refused stays failing, is tried ever more rarely, and counts as lost once."""

    def refuse(item: int) -> int:
        states.append(health.state)
        if item == 1:
            raise DeviceLostError("frozen")
        return item

    states: list[State] = []
    source = ScriptedSource([1], [1], [2, nothing_yet(0.3)])
    _, queue = captured(source, health, inspect=refuse)
    assert [item for item in queue if item is not INTERRUPTION] == [2]
    assert states == [State.STARTING, State.FAILING, State.FAILING]
    waits = [after - before for before, after in zip(source.opened_at, source.opened_at[1:], strict=False)]
    assert waits[1] >= 0.5
    assert health.snapshot().counters == {"lost": 1}


def test_whoever_unsubscribes_gets_no_more_and_the_others_all(health):
    """The queue ends, also for who waits for it; what comes after that is neither kept for it nor counted."""
    gone = threading.Event()

    def wait_for_it() -> Iterator[None]:
        while not gone.wait(0.01):
            yield None

    capture: Capture = Capture("scripted", ScriptedSource([1, wait_for_it, 2, 3]), health)
    stays, leaves = capture.subscribe(10), capture.subscribe(1, counter="skipped")
    capture.start()
    taking = iter(leaves)
    assert next(taking) == 1
    capture.unsubscribe(leaves)
    assert list(taking) == []
    gone.set()
    assert list(stays) == [1, 2, 3]
    assert len(leaves) == 0
    assert "skipped" not in health.snapshot().counters


def test_somebody_who_comes_later_gets_what_comes_from_then_on(health):
    """A queue may be had while the source is read."""
    there = threading.Event()

    def wait_for_it() -> Iterator[None]:
        while not there.wait(0.01):
            yield None

    capture: Capture = Capture("scripted", ScriptedSource([1, wait_for_it, 2]), health)
    first = iter(capture.subscribe(10))
    capture.start()
    assert next(first) == 1
    later = capture.subscribe(10)
    there.set()
    assert list(later) == list(first) == [2]


def test_of_video_the_latest_frame_wins_and_the_others_are_skipped(health):
    """A queue of one holds what came last; what went is not counted as lost sound."""
    capture: Capture = Capture("scripted", ScriptedSource([1, 2, 3]), health)
    queue = capture.subscribe(1, counter="skipped")
    capture.start()
    wait_until(lambda: not capture.running)
    assert list(queue) == [3]
    assert health.snapshot().counters == {"skipped": 2}


def test_a_pipeline_slower_than_its_source_drops_the_oldest_counts_and_marks(health):
    """Overload: the queue stays bounded, the newest comes through, and every drop stands in the source's health."""
    source = ScriptedSource([{"number": number} for number in range(500)])
    capture: Capture = Capture("scripted", source, health)
    queue = capture.subscribe(5, mark_gap=lambda item: {**item, "gap": True})
    results: list[dict] = []
    longest = 0

    def slow(item: dict) -> Iterator[dict]:
        nonlocal longest
        longest = max(longest, len(queue))
        time.sleep(0.01)
        yield item

    pipeline = Flow.start("slow", queue, lambda _: 0.0).then(slow).into(results.append, health=health)
    capture.start()
    pipeline.run()
    dropped = health.snapshot().counters["dropped"]
    numbers = [item["number"] for item in results]
    assert longest <= 5
    assert numbers == sorted(numbers)
    assert numbers[-1] == 499
    assert len(numbers) + dropped == 500
    holes = [
        after
        for before, after in zip([{"number": -1}, *results], results, strict=False)
        if after["number"] != before["number"] + 1
    ]
    assert [item for item in results if "gap" in item] == holes
