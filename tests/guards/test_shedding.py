"""Shedding: the order in which things are left undone and taken up again, and what health says meanwhile."""

import re
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from edged.guards.load_config import LoadConfig
from edged.guards.shedding import Shedding, Step
from edged.messages.health import State
from edged.runtime.health import Health
from edged.runtime.load import Load

CONFIG = LoadConfig(up_s=5, down_s=120)
WHY = "the CPU is at 82 °C"


STEPS = (
    ("objects", "at half rate"),
    ("objects", "at a quarter of their rate"),
    ("faces", "at half rate"),
    ("faces", "at a quarter of their rate"),
    ("shadows", "paused"),
)
ALL = [" ".join(step) for step in STEPS]


class Box:
    """One that has objects, faces and shadow models, or lacks some."""

    def __init__(self, config: LoadConfig = CONFIG, *lacks: str, breaks: str = "") -> None:
        self.health = Health().part("machine.load")
        self.done: list[tuple[str, bool]] = []
        self.lacks = set(lacks)
        self.seconds = count()

        def step(about: str, how: str) -> Step:
            def apply(on: bool) -> None:
                self.done.append((f"{about} {how}", on))
                if about == breaks:
                    raise OSError("broken")

            return Step(about, how, apply, lambda: about not in self.lacks)

        self.shedding = Shedding(config, [step(*each) for each in STEPS], self.health, lambda: 0.0)

    def bear(self, load: Load, for_s: int) -> str:
        """What health says afterwards, without the time of day."""
        for _ in range(for_s):
            self.shedding.look(load, WHY if load is Load.TOO_MUCH else "", float(next(self.seconds)))
        return re.sub(r"since \d\d:\d\d", "since 14:02", " ".join(self.health.snapshot().reasons))

    def shed(self) -> list[str]:
        """What is left undone now, in the order of its beginning."""
        on: dict[str, None] = {}
        for what, is_on in self.done:
            assert is_on is (what not in on), "the same step twice"
            on.update({what: None}) if is_on else on.pop(what)
        return list(on)


def said(*what: str) -> str:
    return f"sheds load: {', '.join(what)} since 14:02, as {WHY}"


def test_it_takes_one_step_after_another_and_says_what_why_and_since_when():
    """Objects first, then faces, shadow models last; of two steps about the same thing the further one is named."""
    box = Box()
    assert box.bear(Load.TOO_MUCH, 5) == ""
    assert box.health.state is State.OK
    assert box.bear(Load.TOO_MUCH, 1) == said("objects at half rate")
    assert box.health.state is State.DEGRADED
    assert box.bear(Load.TOO_MUCH, 5) == said("objects at a quarter of their rate")
    assert box.bear(Load.TOO_MUCH, 5) == said("objects at a quarter of their rate", "faces at half rate")
    quarters = "objects at a quarter of their rate", "faces at a quarter of their rate"
    assert box.bear(Load.TOO_MUCH, 5) == said(*quarters)
    assert box.bear(Load.TOO_MUCH, 100) == said(*quarters, "shadows paused")
    assert box.done == [(what, True) for what in ALL]
    assert box.health.snapshot().counters == {"level": 5, "raised": 5}


def test_it_takes_them_back_in_the_opposite_order_after_long_calm():
    """And is well again when all is taken up."""
    box = Box()
    box.bear(Load.TOO_MUCH, 40)
    box.done.clear()
    assert "shadows paused" in box.bear(Load.CALM, 120)
    assert "shadows" not in box.bear(Load.CALM, 1)
    assert box.bear(Load.FULL, 1000) == said("objects at a quarter of their rate", "faces at a quarter of their rate")
    assert box.bear(Load.CALM, 241) == said("objects at a quarter of their rate")
    assert box.bear(Load.CALM, 240) == ""
    assert box.health.state is State.OK
    assert box.done == [(what, False) for what in reversed(ALL)]


def test_what_a_box_does_not_do_is_passed_over_at_once():
    """Up and down: it neither waits for nothing, nor is it degraded for nothing."""
    box = Box(CONFIG, "objects")
    assert box.bear(Load.TOO_MUCH, 6) == said("faces at half rate")
    assert box.bear(Load.TOO_MUCH, 5) == said("faces at a quarter of their rate")
    assert "faces at half rate" in box.bear(Load.CALM, 121)
    assert box.bear(Load.CALM, 120) == ""
    assert box.shed() == []
    box = Box(CONFIG, "faces", "shadows")
    assert box.bear(Load.TOO_MUCH, 100) == said("objects at a quarter of their rate")
    assert box.health.snapshot().counters == {"level": 2, "raised": 2}
    assert box.bear(Load.CALM, 121) == said("objects at half rate")
    assert box.bear(Load.CALM, 120) == ""
    assert box.shed() == []


def test_a_box_that_only_hears_says_that_there_is_nothing_to_shed():
    """Sound never goes."""
    box = Box(CONFIG, "objects", "faces", "shadows")
    assert box.bear(Load.TOO_MUCH, 6) == said("there is nothing to shed but sound")
    assert box.bear(Load.CALM, 121) == ""


def test_what_comes_while_load_is_shed_begins_with_less_and_is_named_at_once():
    """And what goes is named no longer."""
    box = Box(CONFIG, "objects", "shadows")
    box.bear(Load.TOO_MUCH, 6)
    assert box.shed() == ALL[:3]
    box.lacks.remove("objects")
    assert box.bear(Load.FULL, 1) == said("objects at a quarter of their rate", "faces at half rate")
    box.lacks.add("faces")
    assert box.bear(Load.FULL, 1) == said("objects at a quarter of their rate")
    assert box.bear(Load.CALM, 121) == said("objects at half rate")
    assert box.shed() == ALL[:1]


names = st.sampled_from(["objects", "faces", "shadows"])


@given(st.lists(st.tuples(st.sampled_from(Load), st.integers(1, 300), names, st.booleans()), max_size=12))
def test_whatever_happens_what_is_shed_is_the_first_of_the_steps(told):
    """Each once; and health says just what is shed of what is there."""
    box = Box()
    for load, for_s, about, there in told:
        (box.lacks.discard if there else box.lacks.add)(about)
        words = box.bear(load, for_s)
        level = len(box.shed())
        assert box.shed() == ALL[:level]
        assert bool(words) is bool(level)
        for name in ("objects", "faces", "shadows"):
            assert (name in words) is any(what.startswith(name) and name not in box.lacks for what in ALL[:level])


def test_a_step_that_fails_is_counted_and_the_next_one_is_taken(caplog):
    """It may help."""
    box = Box(breaks="faces")
    box.bear(Load.TOO_MUCH, 30)
    assert ("shadows paused", True) in box.done
    assert box.health.snapshot().counters["faults"] == 2
    assert "load was not shed" in caplog.text


def test_when_it_is_off_nothing_is_shed():
    """However hot it is."""
    box = Box(LoadConfig(shed=False))
    assert box.bear(Load.TOO_MUCH, 1000) == ""
    assert box.done == []


def test_when_it_is_switched_off_all_is_taken_up_soon():
    """However hot it still is; and with it on, shed again."""
    box = Box()
    box.bear(Load.TOO_MUCH, 40)
    box.shedding.use(CONFIG.model_copy(update={"shed": False}))
    assert box.bear(Load.TOO_MUCH, 5) == ""
    assert box.shed() == []
    box.shedding.use(CONFIG)
    assert "objects" in box.bear(Load.TOO_MUCH, 6)
