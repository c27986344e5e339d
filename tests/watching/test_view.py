"""The picture: what stands in it, that it fits, and that nothing from the wire gets at the terminal."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from edged.sinks.mqtt.reader import Link
from edged.watching.boxes import Boxes
from edged.watching.view import view
from tests.watching import telling
from tests.watching.telling import NOW_S

LINK = Link("broker:1883", True, NOW_S - 60, "", 0)
LOST = Link("broker:1883", False, NOW_S - 12, "Connection refused", 0)


def picture(boxes, width=80, height=24, link=LINK, now_s=NOW_S):
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    console.print(view(boxes, link, now_s, width, height), end="")
    return console.file.getvalue()


def boxes_of(*messages):
    boxes = Boxes("edged")
    for topic, payload in messages:
        boxes.take(f"edged/{topic}", payload, NOW_S, retained=False)
    return boxes


@pytest.fixture
def yard():
    on = telling.event_message(2, phase="update", confidence=0.95)
    return boxes_of(
        ("yard/state", telling.state()),
        ("yard/info", telling.info()),
        ("yard/health", telling.health(state="degraded", reasons=["sources.camera: dark for 30 s"], outbox_waiting=7)),
        ("yard/availability/camera", b"offline"),
        ("yard/availability/usb-0", b"online"),
        ("yard/event/drones", telling.event(1, confidence=0.1)),
        ("yard/event/drones", on.payload()),
        ("yard/active/drones", telling.active(on)),
        ("yard/event/faces", telling.event(3, "OLD", "end", label="Käthe", pipeline="faces", delayed=True)),
        ("yard/gap", telling.gap()),
    )


def test_one_box_is_shown_with_all_that_a_person_wants_to_know(yard):
    """State, health with its reasons, what is on, scores of late, sources and accelerators, outbox, heat, events."""
    lines = [" ".join(line.split()) for line in picture(yard).splitlines()]
    assert "1 box: 1 online" in lines
    assert "yard online 0 s degraded 0 s 7 48 °C" in lines
    assert "! sources.camera: dark for 30 s" in lines
    assert "! 120 event messages are lost for good" in lines
    assert "drones ▁█ drone 0.95, 8 s" in lines
    assert "faces switched off" in lines
    assert "roof (microphone), camera offline, usb:0, cpu" in lines
    assert any(line.endswith("yard drones update 0.95 8 s drone") for line in lines)
    assert any(line.endswith("yard faces end 0.91 8 s Käthe history") for line in lines)


def test_an_accelerator_that_was_never_there_is_no_alarm_and_one_that_is_lost_is(yard):
    """`no usb:0` where there is none, `usb:0 offline` where there was one."""
    absent = json.loads(telling.info())
    absent["accelerators"][0]["runtime"] = None
    yard.take("edged/yard/info", json.dumps(absent).encode(), NOW_S, retained=False)
    yard.take("edged/yard/availability/usb-0", b"offline", NOW_S, retained=False)
    assert "usb:0 offline, cpu" in picture(yard)
    yard.take("edged/yard/availability/usb-0", b"", NOW_S, retained=True)
    assert "no usb:0, cpu" in picture(yard)


def test_a_box_that_is_gone_shows_nothing_as_if_it_were_now(yard):
    """What was on when it vanished, and the reasons of then, are not told as the present."""
    yard.take("edged/yard/state", telling.state("offline"), NOW_S, retained=False)
    shown = picture(yard).partition("TIME")[0]
    assert "offline" in shown
    assert "drone" not in shown
    assert "dark" not in shown


def test_silent_is_told_with_the_age_of_the_last_health(yard):
    """Not while we are cut off ourselves: then the view says so, and how long it has been."""
    assert "says that it is online, but its health is 2 min old" in picture(yard, now_s=NOW_S + 150)
    lost = picture(yard, link=LOST._replace(since_s=NOW_S + 5), now_s=NOW_S + 150)
    assert "silent" not in lost
    assert "not connected for 2 min, trying again: Connection refused" in lost


def test_before_anything_was_said_the_view_says_that():
    """No empty screen."""
    assert "no box has said anything yet" in picture(boxes_of())


def test_dropped_messages_are_confessed():
    """What we could not take, and boxes beyond the most."""
    assert "9 messages dropped" in picture(boxes_of(), link=LINK._replace(dropped=9))


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 12), (20, 5), (1, 1), (200, 60)])
def test_it_fits_terminals_of_any_size(yard, width, height):
    """No line is longer than the terminal is wide, and no more lines than it is high."""
    lines = picture(yard, width, height).splitlines()
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width


def test_of_many_boxes_those_in_need_and_those_with_something_on_come_first():
    """On a small terminal the rest is a number."""
    boxes = boxes_of(*((f"box{number:02}/state", telling.state()) for number in range(50)))
    boxes.take("edged/box48/active/drones", telling.active(telling.event_message()), NOW_S, retained=False)
    boxes.take("edged/box49/state", telling.state("offline"), NOW_S, retained=False)
    lines = picture(boxes).splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("BOX"))
    assert lines[head + 1].startswith("box49")
    assert lines[head + 2].startswith("box48")
    assert "drone 0.91, 8 s" in lines[head + 2]
    assert any("and 37 more, none of them in need of attention" in line for line in lines)
    assert len(lines) <= 24


WIRE = st.text(max_size=15) | st.sampled_from(("\x1b[2J\x1b]0;owned\x07", "[red]x[/red]", "a\nb\rc\x9b", "\u202e花子"))


@given(
    WIRE.filter(lambda text: text and "/" not in text),
    WIRE,
    st.floats(),
    st.integers(-(10**30), 10**30),
    st.sampled_from((LINK, LOST)),
    st.integers(1, 120),
)
def test_nothing_from_the_wire_commands_the_terminal_or_breaks_the_picture(device, text, figure, number, link, width):
    """Controls are replaced, markup is plain text, figures that cannot be are short; each line is one line."""
    known = {name: json.loads(payload) for name, payload in (("h", telling.health()), ("i", telling.info()))}
    known["h"] |= {"state": "failing", "reasons": [text] * 5, "uptime_s": figure, "outbox_waiting": number, "at": text}
    known["h"] |= {"outbox_dropped": number, "cpu_temperature_c": figure}
    known["i"] |= {"sources": {text: text}, "pipelines": {text: text}}
    event = telling.event_message(number, text, label=text, pipeline=text, confidence=figure, duration_s=figure)
    boxes = boxes_of(
        (f"{device}/state", telling.state()),
        (f"{device}/health", json.dumps(known["h"]).encode()),
        (f"{device}/info", json.dumps(known["i"]).encode()),
        (f"{device}/availability/{text}", b"offline"),
        (f"{device}/event/{text}", event.model_copy(update={"observed_at": text}).payload()),
        (f"{device}/active/{text}", telling.active(*[event] * 5)),
        (f"{device}/gap", telling.gap(number)),
        (f"{device}/event/{text}", text.encode()),
    )
    lines = picture(boxes, width, 40, link).split("\n")
    assert all(line.isprintable() for line in lines)
    assert max(map(cell_len, lines)) <= width


def test_markup_from_the_wire_stays_text():
    """`[red]` in a label is shown as it is."""
    boxes = boxes_of(("yard/event/drones", telling.event(label="[red]drone[/red]")))
    assert "[red]drone[/red]" in picture(boxes)
