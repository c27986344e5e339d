"""What is told of an event besides: in which zones its object is, and by whom it is confirmed."""

import pytest

from edged.messages.wire import WitnessMessage
from edged.watching.boxes import Boxes, News
from edged.watching.event_lines import circumstances
from edged.watching.lines import news_line
from tests.watching import telling
from tests.watching.telling import NOW_S
from tests.watching.test_view import picture

HEARD = WitnessMessage(pipeline="ears", id="E2", label="dog", confidence=0.9)
SEEN = WitnessMessage(pipeline="eyes", id="E3", label="\x1b[2Jperson", confidence=0.7)
IN_ZONES = telling.event_message(zones=["gate", "yard"])
CONFIRMED = telling.event_message(pipeline="intruder", label="confirmed", witnesses=[HEARD, SEEN])


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (IN_ZONES, "drone 0.91 in gate, yard, 8 s"),
        (CONFIRMED, "confirmed 0.91 by ears dog, eyes �[2Jperson, 8 s"),
        (telling.event_message(), "drone 0.91, 8 s"),
    ],
)
def test_zones_and_witnesses_stand_in_the_line_and_beside_what_is_on(event, told):
    """Without a terminal and on one; nothing from the wire gets at it."""
    assert news_line(News("yard", event), NOW_S).endswith(f": {told}")
    boxes = Boxes("edged")
    for topic, payload in (("state", telling.state()), ("active/drones", telling.active(event))):
        boxes.take(f"edged/yard/{topic}", payload, NOW_S, retained=False)
    assert f" {told}" in picture(boxes, width=120)


def test_zones_and_witnesses_stand_in_the_list_of_events():
    """After the label."""
    boxes = Boxes("edged")
    for number, event in enumerate((IN_ZONES, CONFIRMED)):
        known = event.model_copy(update={"seq": number + 1, "id": f"E{number}"})
        boxes.take("edged/yard/event/it", known.payload(), NOW_S, retained=False)
    shown = picture(boxes, width=120)
    assert "drone  in gate, yard\n" in shown
    assert "confirmed  by ears dog, eyes �[2Jperson\n" in shown


def test_of_many_zones_the_rest_is_a_number():
    """A line stays a line."""
    assert circumstances(telling.event_message(zones=[f"z{n}" for n in range(6)])) == "in z0, z1, z2, z3 and 2 more"


def test_a_pipeline_that_the_box_has_no_longer_is_not_shown():
    """The broker still holds that nothing is on there; rules are shown like pipelines."""
    boxes = Boxes("edged")
    for topic, payload in (
        ("state", telling.state()),
        ("active/gone", telling.active()),
        ("active/intruder", telling.active()),
    ):
        boxes.take(f"edged/yard/{topic}", payload, NOW_S, retained=True)
    assert "gone" in picture(boxes)
    boxes.take("edged/yard/info", telling.info(confirmations=["intruder"]), NOW_S, retained=True)
    assert "gone" not in picture(boxes)
    assert "intruder" in picture(boxes)
