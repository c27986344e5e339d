"""The desk: what may be done is done once and answered; everything else is one clear error."""

import threading

import pytest

from edged.messages.requests import REQUESTS
from edged.messages.wire import rfc3339
from tests.commands.box import EVERYTHING, NOW_S, DeskBox, cannot, is_faulty

CHANGES = ["restart", "set", "models", "people", "feedback"]


@pytest.mark.parametrize("command", REQUESTS)
def test_every_command_that_is_allowed_is_carried_out_and_answered(box, command):
    """The handler gets the request's own type, the answer bears its transaction."""
    response = box.ask(command, "my-1.a:b_c")
    assert (response.status, response.error, response.transaction) == ("ok", None, "my-1.a:b_c")
    assert response.data == ({"pong": True} if command == "ping" else {"done": command})
    assert [type(request) for request in box.done] == ([] if command == "ping" else [REQUESTS[command]])


@pytest.mark.parametrize("command", [name for name in REQUESTS if name not in {"ping", "health"}])
def test_nothing_but_ping_and_health_is_allowed_unless_the_config_says_so(cautious, command):
    """The error names the setting."""
    response = cautious.ask(command)
    remedy = f"commands.{command}: true in the configuration allows it"
    assert response.error == f"{command}: is not allowed here; {remedy}"
    assert response.transaction == "t1"
    assert cautious.ask("ping").status == cautious.ask("health").status == "ok"
    assert not [request for request in cautious.done if type(request) is REQUESTS[command]]


def test_people_may_be_allowed_to_be_listed_alone(tmp_path):
    """``commands.people: list``: whoever wants more is told what would allow it."""
    box = DeskBox(tmp_path, people="list")
    assert box.send("people", {"transaction": "a", "action": "list"}).status == "ok"
    for number, action in enumerate(({"action": "erase"}, {"action": "enroll", "camera": "gate", "person": None})):
        fields = action if action["action"] == "enroll" else {**action, "name": None}
        response = box.ask("people", f"b{number}", **fields)
        assert response.error.startswith(f"people: {action['action']} is not allowed here; commands.people: true")
    assert [request.action for request in box.done] == ["list"]
    box.desk.stop(5)


def test_a_command_that_there_is_not_is_told_which_there_are(cautious):
    """Where its name can stand in a topic; else there is nowhere to answer."""
    assert cautious.ask("reboot").error.startswith("reboot: there is no such command; there are ping, health,")
    for name in ("a/b", "", "x" * 41, "Ping", "ping\n", "+"):
        cautious.take(name, {"transaction": "1"})
    assert cautious.answers_until("end") == []
    assert cautious.counted("refused") == 1
    assert cautious.counted("flooded") == 6


def test_an_allowed_command_without_a_handler_is_an_error(tmp_path):
    """This box may have no camera, say."""
    box = DeskBox(tmp_path)
    del box.handlers["health"]
    assert box.ask("health").error == "health: this box has nothing that could do it"
    box.desk.stop(5)


@pytest.mark.parametrize("command", REQUESTS)
def test_a_retained_request_is_never_carried_out(box, command):
    """Else each reconnection would do it again."""
    response = box.ask(command, retained=True)
    assert response.error.startswith(f"{command}: is retained, and nothing that is retained is carried out")
    assert response.transaction == "t1"
    assert box.done == []


@pytest.mark.parametrize("command", CHANGES)
def test_a_change_is_carried_out_once(box, command):
    """The same message again is refused, at once, when it is old, and by an edged that was started anew."""
    message = {"transaction": "t1", "at": rfc3339(NOW_S)}
    assert box.ask(command, **message).status == "ok"
    assert "transaction: t1, was used before" in box.ask(command, **message).error
    box.pass_s(61)
    assert "61 s before the box's time 2025-11-13T02:14:21.000Z" in box.ask(command, **message).error
    assert len(box.done) == 1


def test_a_change_is_not_carried_out_again_by_the_next_edged(tmp_path):
    """A captured ``restart`` cannot keep the box restarting."""
    for status in ("ok", "error", "error"):
        box = DeskBox(tmp_path, **EVERYTHING)
        assert box.ask("restart").status == status
        assert len(box.done) == (status == "ok")
        box.desk.stop(5)


@pytest.mark.parametrize("command", CHANGES)
def test_a_change_must_say_when_it_was_asked(box, command):
    """The error says the box's time, so that the asker can set their clock."""
    response = box.ask(command, at=None)
    assert response.error.startswith(f"{command}: at: is missing; ")
    assert response.error.endswith("the box's time is 2025-11-13T02:13:20.000Z")
    assert "61 s ahead of the box's time" in box.ask(command, at=rfc3339(NOW_S + 61)).error
    assert box.done == []
    assert box.ask(command, at=rfc3339(NOW_S + 59)).status == "ok"


def test_what_changes_nothing_may_leave_out_when_it_was_asked(box):
    """And may use a transaction again; where it says when, that is looked at."""
    for _ in range(2):
        assert box.send("health", {"transaction": "1"}).status == "ok"
        assert box.send("models", {"transaction": "1", "action": "list"}).status == "ok"
    assert box.ask("health", at=rfc3339(NOW_S - 61)).status == "error"


def test_a_request_is_as_old_as_when_it_came(box):
    """However long it waits for a slow one before it."""
    begun, go_on = threading.Event(), threading.Event()
    box.handlers["clip"] = lambda _: {"waited": begun.set() or go_on.wait(10)}
    box.take("clip", {"transaction": "slow", "event": "0" * 26})
    assert begun.wait(10)
    box.take("restart", {"transaction": "next", "at": rfc3339(box.unix_s), "part": "daemon"})
    box.pass_s(1000)
    go_on.set()
    assert [box.answer()[1].status for _ in range(2)] == ["ok", "ok"]


def test_what_a_handler_says_is_told(box):
    """An EdgedError's words go to the asker."""
    box.handlers["set"] = cannot
    response = box.ask("set")
    assert (response.status, response.data) == ("error", None)
    assert response.error == "set: pipeline: 'owls', must be one of: drones"


@pytest.mark.parametrize("faulty", [is_faulty, lambda _: {"what": object()}, lambda _: {"a": "\ud800"}])
def test_a_fault_of_a_handler_costs_its_request_alone(box, faulty):
    """The asker is told so, the log says more, and the box goes on."""
    box.handlers["diagnose"] = faulty
    assert box.ask("diagnose").error == "diagnose: edged has a fault; its log says more"
    assert box.counted("faults") == 1
    assert box.ask("ping").status == "ok"


def test_an_answer_that_is_too_long_is_an_error(box):
    """A broker might drop the whole connection for it."""
    box.handlers["clip"] = lambda _: {"bytes": "A" * 2**20}
    assert "ask for less at a time" in box.ask("clip").error


def test_an_answer_that_cannot_be_sent_costs_itself_alone(tmp_path):
    """Whatever the broker's side does."""
    box = DeskBox(tmp_path)
    box.answers.put = lambda _: (box.answers.__dict__.pop("put"), 1 / 0)
    box.take("ping", {"transaction": "1"})
    assert box.answers_until("2") == []
    assert box.counted("faults") == 1
    box.desk.stop(5)


def test_a_stop_forgets_what_waits_and_takes_no_more(box):
    """What is being carried out is waited for."""
    begun, go_on = threading.Event(), threading.Event()
    box.handlers["clip"] = lambda _: {"waited": begun.set() or go_on.wait(10)}
    box.take("clip", {"transaction": "slow", "event": "0" * 26})
    assert begun.wait(10)
    box.take("health", {"transaction": "waits"})
    box.desk.stop(0.01)
    box.take("health", {"transaction": "late"})
    go_on.set()
    box.desk.stop(5)
    assert box.answer()[1].transaction == "slow"
    assert box.answers.empty()
    assert box.done == []
