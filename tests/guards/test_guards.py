"""Guards: the thread that has them look; what health says; a fake machine, and the real one."""

import threading
from pathlib import Path

import pytest

from edged.guards import Guards, GuardsConfig, Step, guards_of
from edged.guards.guard import Seen, size
from edged.guards.load_config import LoadConfig
from edged.guards.shedding import Shedding
from edged.messages.health import State
from edged.runtime.finding import Finding, Level
from edged.runtime.health import Health
from edged.runtime.load import Load
from tests.cameras import wait_until
from tests.guards.tree import Tree

LIMIT_S = 5.0
WELL = Finding(Level.OK, "x", "")


class Fake:
    """A guard that sees what it is told to."""

    def __init__(self, name: str, seen: Seen | None = None, fault: Exception | None = None) -> None:
        self.name, self.seen, self.fault = name, seen, fault
        self.looked: list[float] = []

    def look(self, now_s: float) -> Seen | None:
        self.looked.append(now_s)
        if self.fault is not None:
            raise self.fault
        return self.seen


def watching(health: Health, *guards: Fake, interval_s: float = 60.0) -> Guards:
    shedding = Shedding(LoadConfig(), (), health.part("machine.load"))
    return Guards(guards, lambda _: (Load.CALM, ""), shedding, health, interval_s)


def test_what_is_found_stands_in_health_with_its_remedy_and_figures():
    """A thing to know leaves a part ok, a warning makes it degraded, a fault failing."""
    health = Health()
    seen = {
        "a": Seen(Finding(Level.OK, "a", "runs low", "add some"), {"left": 3}),
        "b": Seen(Finding(Level.WARNING, "b", "is low")),
        "c": Seen(Finding(Level.FAULT, "c", "is gone", "replace it")),
    }
    watching(health, *(Fake(name, one) for name, one in seen.items()), Fake("none")).look()
    parts = health.parts()
    assert {name: (part.state, part.reasons, part.remedies) for name, part in parts.items()} == {
        "machine.a": (State.OK, ("runs low",), ("add some",)),
        "machine.b": (State.DEGRADED, ("is low",), ()),
        "machine.c": (State.FAILING, ("is gone",), ("replace it",)),
        "machine.load": (State.OK, (), ()),
    }
    assert parts["machine.a"].counters == {"left": 3}


def test_a_guard_that_raises_leaves_the_others_at_work(caplog):
    """It is counted each time, and told once."""
    health, after = Health(), Fake("after", Seen(WELL))
    guards = watching(health, Fake("broken", fault=ZeroDivisionError()), after)
    for _ in range(3):
        guards.look()
    assert len(after.looked) == 3
    assert health.parts()["machine.broken"].counters == {"faults": 3}
    assert caplog.text.count("guard failed") == 1


def test_they_look_at_once_and_then_again_until_they_are_stopped():
    """On a thread of their own."""
    guard = Fake("a", Seen(WELL))
    guards = watching(Health(), guard, interval_s=0.01)
    guards.start()
    assert guard.looked
    wait_until(lambda: len(guard.looked) > 3, LIMIT_S)
    guards.stop(LIMIT_S)
    assert "guards" not in {thread.name for thread in threading.enumerate()}
    assert guard.looked == sorted(guard.looked)


def test_nothing_changes_in_health_while_nothing_changes(tree: Tree, tmp_path: Path):
    """It would be published again each time; figures alone are no change."""
    health = Health()
    tree.say(temperature="81000", statm="1000 500 1 1 1 1 1", throttled="50000")
    guards = guards_of(GuardsConfig(), [tmp_path], (), health, tree.root)
    guards.look()
    revision = health.revision
    tree.say(temperature="82500", statm="1000 600 1 1 1 1 1")
    guards.look()
    assert health.revision == revision
    assert health.parts()["machine.heat"].counters == {"cpu_temperature_c": 82.5}


def test_a_hot_pi_sheds_load_in_order_and_takes_it_up_when_it_is_cool(tree: Tree, tmp_path: Path):
    """From the kernel's files to what is done about them."""
    health, done, now_s = Health(), [], [0.0]
    steps = [Step("faces", "at half rate", lambda on: done.append(("faces", on)))]
    steps += [Step("shadows", "paused", lambda on: done.append(("shadows", on)))]
    guards = guards_of(GuardsConfig(), [tmp_path], steps, health, tree.root, lambda: now_s[0])

    def pass_by(seconds: int, celsius: int) -> str:
        tree.say(temperature=f"{celsius}000")
        for _ in range(seconds // 2):
            now_s[0] += 2.0
            guards.look()
        return " ".join(health.part("machine.load").snapshot().reasons)

    assert pass_by(60, 60) == ""
    assert "faces at half rate since" in pass_by(8, 83)
    assert pass_by(20, 84).endswith("as the CPU is at 84 °C")
    assert done == [("faces", True), ("shadows", True)]
    assert health.part("machine.heat").state is State.DEGRADED
    assert health.state() is State.DEGRADED
    assert pass_by(600, 60) == ""
    assert done[2:] == [("shadows", False), ("faces", False)]
    assert health.part("machine.heat").state is State.OK


@pytest.mark.parametrize("bare", [False, True])
def test_on_this_machine_and_on_one_that_tells_nothing_none_of_them_fails(tree: Tree, tmp_path: Path, *, bare: bool):
    """What there is, is read; what there is not, has no part in health."""
    health = Health()
    more = {"root": tree.root} if bare else {}
    guards = guards_of(GuardsConfig(), [tmp_path, tmp_path], (), health, **more)
    guards.look()
    guards.look()
    parts = health.parts()
    assert not any("faults" in part.counters for part in parts.values())
    assert parts["machine.disk"].counters["free_bytes"] > 0
    wanted = {"machine.disk", "machine.load"} | (set() if bare else {"machine.memory", "machine.descriptors"})
    assert wanted <= set(parts)
    if not bare:
        assert parts["machine.memory"].counters["resident_bytes"] > 1_000_000
        assert 3 <= parts["machine.descriptors"].counters["used"] < parts["machine.descriptors"].counters["limit"]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 MB"), (123_456_789, "120 MB"), (994_999_999, "990 MB"), (995_000_000, "1.0 GB")]
)
def test_sizes_are_coarse(count, text):
    """A byte more is no news."""
    assert size(count) == text
