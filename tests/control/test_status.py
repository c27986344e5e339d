"""The request `status`, what is told of events that are on, and a box whose socket cannot be made."""

from contextlib import ExitStack

from edged.control.client import ask, running, serves
from edged.control.config import ControlConfig
from edged.control.events_on import MOST, EventsOn
from edged.control.protocol import Result
from edged.control.serving import serve
from edged.control.status import status
from edged.messages.event import Phase
from edged.messages.health import State
from edged.messages.wire import StateMessage, event_message
from edged.runtime.health import Health
from tests.events import an_event


def message(phase, number):
    return event_message(an_event(phase, number), number + 1, 1_700_000_010.0)


def test_events_are_on_from_their_start_to_their_end():
    """With the last word on each."""
    on = EventsOn()
    for said in (message(Phase.START, 0), message(Phase.START, 1), message(Phase.UPDATE, 0)):
        on(said)
    assert [(one.id[-1], one.phase) for one in on.now()] == [("0", Phase.UPDATE), ("1", Phase.START)]
    on(message(Phase.END, 0))
    on(message(Phase.END, 7))
    assert [one.id[-1] for one in on.now()] == ["1"]


def test_no_more_events_are_kept_than_are_shown():
    """Those that were there first stay up to date."""
    on = EventsOn()
    for number in range(MOST + 10):
        on(message(Phase.START, number))
    assert len(on.now()) == MOST
    on(message(Phase.UPDATE, 0))
    assert on.now()[0].phase is Phase.UPDATE


def test_the_answer_says_what_the_box_is_and_does(tmp_path):
    """Over the socket, with figures of the process."""
    config, part = ControlConfig(path=tmp_path / "c.sock"), Health().part("control")
    on = EventsOn()
    on(message(Phase.START, 0))
    online = StateMessage(state="online")
    with ExitStack() as stack:
        serve(config, status(lambda: online, lambda: online, lambda: ["a warning"], on.now), part, stack)
        assert part.state is State.OK
        (answer,) = ask(config.path, "status", {})
        assert serves(config.path, "status")
        assert not serves(config.path, "people.list")
        assert list(ask(config.path, "requests", {})) == [Result(["status"])]
    assert running(config) is None
    said = answer.value
    assert (said["info"], said["health"], said["warnings"]) == ({"state": "online"}, {"state": "online"}, ["a warning"])
    assert [event["label"] for event in said["events"]] == ["drone"]
    assert min(said["pid"], said["resident_bytes"], said["threads"], said["open_files"]) > 0


def test_handlers_that_come_later_are_served_too(tmp_path):
    """Those of people come with the first pipeline of faces."""
    config, handlers = ControlConfig(path=tmp_path / "c.sock"), {}
    with ExitStack() as stack:
        serve(config, handlers, Health().part("control"), stack)
        assert not serves(config.path, "people.list")
        handlers["people.list"] = lambda _arguments, _peer: iter([Result([])])
        assert serves(config.path, "people.list")


def test_a_box_whose_socket_cannot_be_made_goes_on_and_says_why(tmp_path):
    """Another edged has it; switched off, nothing is made."""
    config, parts = ControlConfig(path=tmp_path / "c.sock"), Health()
    with ExitStack() as stack:
        serve(config, {}, parts.part("first"), stack)
        serve(config, {}, parts.part("second"), stack)
        assert "another edged runs there" in parts.part("second").snapshot().reasons[0]
        assert parts.part("second").state is State.DEGRADED
        assert running(config) == config.path
    serve(ControlConfig(path=tmp_path / "c.sock", enabled=False), {}, parts.part("third"), ExitStack())
    assert parts.part("third").state is State.OFF
    assert not config.path.exists()
