"""PipelinesInUse: pipelines come, go and begin anew one by one, and none is gone before the next one is there."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from edged.errors import ConfigError
from edged.messages.health import State
from edged.pipelines.drones import DronesConfig
from edged.pipelines_in_use import MOST_RESTARTS, STOP_LIMIT_S, Built, PipelinesInUse
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.flow import FAULTS_IN_A_ROW, Flow
from edged.runtime.health import Health
from tests.broker import wait_until

HANG = -1


class Echo:
    """A stage that raises at 13, hangs at ``HANG``, and still has something to say when the stream stops."""

    def __init__(self, go_on: threading.Event) -> None:
        self._go_on = go_on

    def __call__(self, item: int) -> Iterator[object]:
        if item == 13:
            raise RuntimeError("thirteen")
        if item == HANG:
            self._go_on.wait(20)
        yield item

    def finish(self) -> Iterator[object]:
        yield "end"


class Box:
    """Builds pipelines that note what they are given."""

    def __init__(self) -> None:
        self.health, self.now_s = Health(), 0.0
        self.queues: list[BoundedQueue[int]] = []
        self.heard: list[object] = []
        self.closed: list[int] = []
        self.broken: list[str] = []
        self.fault: Exception | None = None
        self.fault_at_close: Exception | None = None
        self.go_on = threading.Event()
        self.pipelines = PipelinesInUse(self.build, self.health, self.broken.append, lambda: self.now_s)

    def build(self, name: str, _config: object, stack: ExitStack) -> Built:
        if self.fault:
            raise self.fault
        queue = BoundedQueue[int](100)
        stack.callback(self.closed.append, len(self.queues))
        stack.callback(self.close)
        self.queues.append(queue)
        flow = Flow.start(name, queue, float).then(Echo(self.go_on))
        pipeline = flow.into(self.heard.append, health=self.health.part(f"pipelines.{name}"))
        return Built(pipeline, queue.close, queue.__len__)

    def close(self) -> None:
        if self.fault_at_close:
            raise self.fault_at_close

    def reasons(self) -> tuple[str, ...]:
        return self.health.part("pipelines.drones").snapshot().reasons

    def state(self) -> State:
        return self.health.part("pipelines.drones").state


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box()
    yield box
    box.pipelines.stop()


def test_one_runs_as_soon_as_it_is_applied(box):
    """And the box is busy until it has come to its own end."""
    box.pipelines.apply("drones", DronesConfig())
    box.queues[0].put(1)
    wait_until(lambda: box.heard == [1])
    assert box.pipelines.names == ["drones"]
    assert box.pipelines.busy
    box.queues[0].close()
    wait_until(lambda: not box.pipelines.busy)


@pytest.mark.parametrize("config", [None, DronesConfig(enabled=False)])
def test_one_that_is_not_wanted_any_longer_ends(box, config):
    """What it was given is worked off first; the box goes on, as it may be wanted again."""
    box.pipelines.apply("drones", DronesConfig())
    for item in range(5):
        box.queues[0].put(item)
    box.pipelines.apply("drones", config)
    assert box.heard == [0, 1, 2, 3, 4, "end"]
    assert box.pipelines.names == []
    assert box.pipelines.config("drones") is None
    assert box.pipelines.busy
    assert box.closed == [0]
    assert box.state() is State.OFF


def test_another_config_takes_over_from_the_one_before(box):
    """The new one is there before the old one ends, and health is the new one's."""
    box.pipelines.apply("drones", DronesConfig())
    newer = DronesConfig(model="other")
    box.pipelines.apply("drones", newer)
    box.queues[1].put(7)
    wait_until(lambda: box.heard == ["end", 7])
    assert box.pipelines.config("drones") is newer
    assert box.closed == [0]
    assert box.state() is State.OK


def test_one_that_cannot_be_built_leaves_the_one_before_running(box):
    """Nothing of the attempt stays."""
    box.pipelines.apply("drones", DronesConfig())
    box.fault = ConfigError("no such label")
    with pytest.raises(ConfigError):
        box.pipelines.apply("drones", DronesConfig(model="other"))
    box.queues[0].put(1)
    wait_until(lambda: box.heard == [1])
    assert box.closed == []


def test_one_that_cannot_be_closed_cleanly_makes_room_all_the_same(box, caplog):
    """What stood beside it raises: that is logged, and the new one runs."""
    box.fault_at_close = OSError("no such process")
    box.pipelines.apply("drones", DronesConfig())
    box.pipelines.apply("drones", DronesConfig(model="other"))
    box.queues[1].put(7)
    wait_until(lambda: box.heard == ["end", 7])
    assert box.closed == [0]
    assert "no such process" in caplog.text


def test_one_that_breaks_is_told_of_and_its_events_end(box):
    """After so many items lost in a row; whoever is told begins anew with it."""
    box.pipelines.apply("drones", DronesConfig())
    for _ in range(FAULTS_IN_A_ROW):
        box.queues[0].put(13)
    wait_until(lambda: box.broken == ["drones"])
    assert box.heard == ["end"]
    assert box.state() is State.FAILING
    assert box.pipelines.restart("drones", DronesConfig())
    box.queues[1].put(1)
    wait_until(lambda: box.heard == ["end", 1])
    wait_until(lambda: box.state() is State.DEGRADED)
    assert box.reasons()[0].startswith("broke and began anew, unsteady since ")
    box.now_s = 599.0
    box.pipelines.check()
    assert box.state() is State.DEGRADED
    box.now_s = 600.0
    box.pipelines.check()
    assert box.state() is State.OK


def test_one_that_breaks_again_and_again_stays_broken_for_a_while(box):
    """Three restarts in ten minutes; the others are not held up by it, and later it gets another chance."""
    box.pipelines.apply("drones", DronesConfig())
    for _ in range(MOST_RESTARTS):
        assert box.pipelines.restart("drones", DronesConfig())
        box.now_s += 100
    assert not box.pipelines.restart("drones", DronesConfig())
    box.now_s = 601.0
    assert box.pipelines.restart("drones", DronesConfig())


def test_one_that_stays_broken_says_how_often_it_broke_and_what_helps(box):
    """With what broke it last; when somebody applies it anew, it is as good as new."""
    box.pipelines.apply("drones", DronesConfig())
    for turn in range(MOST_RESTARTS + 1):
        for _ in range(FAULTS_IN_A_ROW):
            box.queues[turn].put(13)
        wait_until(lambda turn=turn: len(box.broken) == turn + 1)
        assert box.pipelines.restart("drones", DronesConfig()) == (turn < MOST_RESTARTS)
    assert box.state() is State.FAILING
    (reason,) = box.reasons()
    assert reason.startswith("broke 4 times in 10 min, stays off until `restart`, a change of its configuration or a")
    assert "echo: RuntimeError('thirteen')" in reason
    box.pipelines.apply("drones", DronesConfig())
    wait_until(lambda: box.state() is State.OK)
    assert box.pipelines.restart("drones", DronesConfig())


def test_one_that_hangs_is_left_behind_with_what_it_had_not_taken(box):
    """All that hang do so together, and what is lost by it is counted; the watchdog sees each while it runs."""
    for name in ("a", "b", "c"):
        box.pipelines.apply(name, DronesConfig())
        for item in (HANG, 1, 2):
            box.queues[-1].put(item)
    wait_until(lambda: [len(queue) for queue in box.queues] == [2, 2, 2])
    assert set(box.pipelines.pulses) == {"pipelines.a", "pipelines.b", "pipelines.c"}
    began_s = time.monotonic()
    box.pipelines.stop()
    assert time.monotonic() - began_s < 2 * STOP_LIMIT_S
    assert sorted(box.closed) == [0, 1, 2]
    assert box.pipelines.pulses == {}
    assert [box.health.part(f"pipelines.{name}").snapshot().counters["dropped"] for name in "abc"] == [2, 2, 2]
    box.go_on.set()


def test_stopping_ends_all(box):
    """Whatever order they came in."""
    for name, _ in zip("abc", itertools.count(), strict=False):
        box.pipelines.apply(name, DronesConfig())
    box.pipelines.stop()
    assert box.heard == ["end"] * 3
    assert sorted(box.closed) == [0, 1, 2]
