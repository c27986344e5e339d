"""Plain lines and JSON: each piece of news once, and nothing lost in translation."""

import json

from hypothesis import given
from hypothesis import strategies as st

from edged.sinks.mqtt.reader import Heard
from edged.watching.boxes import Address, Boxes, News
from edged.watching.json_lines import json_line
from edged.watching.lines import Changes, news_line
from tests.watching import telling
from tests.watching.telling import NOW_S

ADDRESS = Address("yard", "event", "drones")


def test_a_change_of_state_or_health_is_told_once_and_figures_that_go_up_are_none():
    """`silent for 30 s` that becomes 60 s is no news; another reason is."""
    boxes, told = Boxes("edged"), []
    changes = Changes(boxes)

    def take(topic, payload, at_s=NOW_S):
        boxes.take(f"edged/yard/{topic}", payload, at_s, retained=False)
        told.extend(line.partition(" ")[2] for line in changes.lines(at_s, at_s))

    take("state", telling.state())
    take("health", telling.health())
    take("health", telling.health(state="degraded", reasons=["sources.roof: silent for 30 s"]))
    take("health", telling.health(state="degraded", reasons=["sources.roof: silent for 60 s"]))
    take("health", telling.health())
    take("info", b"rubbish")
    take("info", b"rubbish")
    take("info", telling.info(), NOW_S + 91)
    take("state", telling.state("offline"), NOW_S + 92)
    assert told == [
        "yard online",
        "yard online; health ok",
        "yard online; health degraded; sources.roof: silent for 30 s",
        "yard online; health ok",
        "yard online; health ok; unreadable: info: not JSON",
        "yard silent; unreadable: info: not JSON",
        "yard offline; unreadable: info: not JSON",
    ]


def test_an_event_is_a_line_that_says_whether_it_is_history():
    """Time, box, pipeline, phase, label, confidence, how long."""
    live = news_line(News("yard", telling.event_message(1)), NOW_S)
    assert live.endswith(" yard drones start: drone 0.91, 8 s")
    late = news_line(News("yard", telling.event_message(1, delayed=True, clock="corrected")), NOW_S)
    assert late.endswith(" yard drones start: drone 0.91, 8 s (history, clock corrected)")


def test_a_gap_is_told_with_how_much_is_gone():
    """So that nobody counts on what will never come."""
    boxes = Boxes("edged")
    news = boxes.take("edged/yard/gap", telling.gap(), NOW_S, retained=False)
    assert news_line(news, NOW_S).endswith(" yard gap: 120 event messages are lost for good")


def test_a_message_as_json_carries_its_payload_as_it_came():
    """JSON as JSON, text as text, anything else as null; and when, whence and whether retained."""
    heard = Heard("edged/yard/event/drones", telling.event(), True, NOW_S)
    line = json.loads(json_line(heard, ADDRESS))
    assert line.pop("payload") == json.loads(telling.event())
    about = {"topic": "edged/yard/event/drones", "device": "yard", "kind": "event", "retained": True}
    assert line == {**about, "at": "2026-11-18T11:06:40.000Z"}
    assert json.loads(json_line(heard._replace(payload=b"online"), ADDRESS))["payload"] == "online"
    assert json.loads(json_line(heard._replace(payload=b"\xff\xd8"), ADDRESS))["payload"] is None


def not_json(word):
    raise AssertionError(f"{word} is no JSON")


@given(
    st.binary(max_size=200) | st.sampled_from((b"NaN", b"[1e999]", b'"\\ud800"', b"[" * 99_999, b"9" * 5000)),
    st.text(max_size=20),
)
def test_any_payload_makes_one_line_of_strict_json_that_no_terminal_obeys(payload, topic):
    """No NaN, no line end or control within, nothing that cannot be written as UTF-8."""
    line = json_line(Heard(topic, payload, False, NOW_S), Address(topic, "event", ""))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line, parse_constant=not_json)["topic"] == topic
