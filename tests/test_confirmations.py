"""Confirmations: rules come, change and go while the box runs, and nothing that they said stays on."""

import pytest

from edged.confirm_events import ConfirmationConfig
from edged.confirmations import Confirmations
from edged.messages.event import Phase
from edged.messages.health import State
from edged.runtime.health import Health
from tests.test_confirm_events import end, start


def rule(**keys):
    return ConfirmationConfig.model_validate({"all": [{"pipeline": "drones"}, {"pipeline": "objects"}], **keys})


class Box:
    """Rules, and what they told."""

    def __init__(self):
        self.health, self.told = Health(), []
        self.confirmations = Confirmations({"sure": rule(), "late": rule(within_s=60)}, self.health, self.told.append)

    def hear(self, *events):
        for event in events:
            self.confirmations(event)

    def said(self):
        return [(event.pipeline, event.phase) for event in self.told]


@pytest.fixture
def box():
    box = Box()
    box.hear(start("drones", 1, 2000), start("objects", 1, 2001))
    assert box.said() == [("sure", Phase.START), ("late", Phase.START)]
    box.told.clear()
    return box


def test_a_rule_that_is_changed_or_gone_ends_what_it_has_confirmed(box):
    """The box has no part any longer that is not there."""
    box.confirmations.use({"sure": rule(within_s=1)})
    assert box.said() == [("sure", Phase.END), ("late", Phase.END)]
    parts = box.health.parts()
    assert parts["pipelines.sure"].state is State.OK
    assert "pipelines.late" not in parts


def test_a_rule_that_has_not_changed_goes_on_beside_one_that_has(box):
    """It knows what it knew."""
    box.confirmations.use({"sure": rule(), "late": rule(within_s=30), "new": rule()})
    assert box.said() == [("late", Phase.END)]
    box.hear(end("drones", 1, 2009, 2000))
    assert box.said() == [("late", Phase.END), ("sure", Phase.END)]


def test_what_is_held_back_is_not_told(box):
    """As of a pipeline."""
    box.confirmations.use({"sure": rule(publish={"min_confidence": 0.9})})
    box.told.clear()
    box.hear(start("drones", 2, 2000), start("objects", 2, 2001))
    assert box.told == []


def test_a_rule_that_waits_for_a_pipeline_that_is_off_says_so(box):
    """It cannot come true; rules that come later are told of as well, and all is well when the pipeline is back."""
    box.confirmations.look({"drones"})
    box.confirmations.use({"sure": rule(), "new": rule()})
    for name in ("sure", "new"):
        part = box.health.part(f"pipelines.{name}").snapshot()
        assert (part.state, part.reasons) == (State.OFF, ("waits for pipelines that are off: objects",))
    box.confirmations.look({"drones", "objects"})
    assert {box.health.part(f"pipelines.{name}").state for name in ("sure", "new")} == {State.OK}
