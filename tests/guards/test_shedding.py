"""Shedding: the order in which things are left undone and taken up again, and what health says meanwhile."""

import re
from itertools import count

from edged.guards.load_config import LoadConfig
from edged.guards.shedding import Shedding, Step
from edged.messages.health import State
from edged.runtime.health import Health
from edged.runtime.load import Load

CONFIG = LoadConfig(up_s=5, down_s=120)
WHY = "the CPU is at 82 °C"


class Box:
    """One that has faces and shadow models, or lacks some."""

    def __init__(self, config: LoadConfig = CONFIG, *lacks: str, breaks: str = "") -> None:
        self.health = Health().part("machine.load")
        self.done: list[tuple[str, bool]] = []
        self.seconds = count()

        def step(about: str, how: str) -> Step:
            def apply(on: bool) -> None:
                self.done.append((f"{about} {how}", on))
                if about == breaks:
                    raise OSError("broken")

            return Step(about, how, apply, lambda: about not in lacks)

        steps = [step("faces", "at half rate"), step("faces", "at a quarter of their rate"), step("shadows", "paused")]
        self._shedding = Shedding(config, steps, self.health, lambda: 0.0)

    def bear(self, load: Load, for_s: int) -> str:
        """What health says afterwards, without the time of day."""
        for _ in range(for_s):
            self._shedding.look(load, WHY if load is Load.TOO_MUCH else "", float(next(self.seconds)))
        return re.sub(r"since \d\d:\d\d", "since 14:02", " ".join(self.health.snapshot().reasons))


def test_it_takes_one_step_after_another_and_says_what_why_and_since_when():
    """Faces first, shadow models last; of two steps about the same thing the further one is named."""
    box = Box()
    assert box.bear(Load.TOO_MUCH, 5) == ""
    assert box.health.state is State.OK
    assert box.bear(Load.TOO_MUCH, 1) == f"sheds load: faces at half rate since 14:02, as {WHY}"
    assert box.health.state is State.DEGRADED
    assert box.bear(Load.TOO_MUCH, 5) == f"sheds load: faces at a quarter of their rate since 14:02, as {WHY}"
    said = f"sheds load: faces at a quarter of their rate, shadows paused since 14:02, as {WHY}"
    assert box.bear(Load.TOO_MUCH, 100) == said
    assert box.done == [
        ("faces at half rate", True),
        ("faces at a quarter of their rate", True),
        ("shadows paused", True),
    ]
    assert box.health.snapshot().counters == {"level": 3, "raised": 3}


def test_it_takes_them_back_in_the_opposite_order_after_long_calm():
    """And is well again when all is taken up."""
    box = Box()
    box.bear(Load.TOO_MUCH, 20)
    box.done.clear()
    assert "shadows paused" in box.bear(Load.CALM, 120)
    assert "shadows" not in box.bear(Load.CALM, 1)
    assert box.bear(Load.FULL, 1000) == f"sheds load: faces at a quarter of their rate since 14:02, as {WHY}"
    assert box.bear(Load.CALM, 241) == ""
    assert box.health.state is State.OK
    assert box.done == [
        ("shadows paused", False),
        ("faces at a quarter of their rate", False),
        ("faces at half rate", False),
    ]


def test_a_box_without_a_camera_does_not_say_that_it_sheds_faces():
    """Where there is nothing at all, it says that."""
    assert Box(CONFIG, "faces").bear(Load.TOO_MUCH, 30) == f"sheds load: shadows paused since 14:02, as {WHY}"
    said = Box(CONFIG, "faces", "shadows").bear(Load.TOO_MUCH, 30)
    assert said == f"sheds load: there is nothing to shed but sound since 14:02, as {WHY}"


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
