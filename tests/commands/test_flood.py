"""Whatever comes, and however much of it: few answers, little memory, and the next honest request is answered."""

import json
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edged.commands.desk import WAITING
from edged.commands.door import MOST_BYTES, REFUSALS_AT_ONCE
from edged.commands.once import MOST
from edged.messages.requests import REQUESTS
from tests.commands.box import ARGUMENTS, EVERYTHING, DeskBox

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
keys = st.sampled_from(sorted({name for kind in REQUESTS.values() for name in kind.model_fields})) | st.text(max_size=8)
known = st.sampled_from([value for fields in ARGUMENTS.values() for value in fields.values()])
times = st.sampled_from(["2025-11-13T02:13:20Z", "2025-13-13T02:13:20Z", "0001-01-01T00:00:00+23:59", "x"])
nearly = st.builds(
    lambda fields, odd: {"transaction": "t", "at": "2025-11-13T02:13:20Z", **fields, **odd},
    st.sampled_from(list(ARGUMENTS.values())),
    st.dictionaries(keys, values | known | times, max_size=3),
)
payloads = st.binary(max_size=200) | (values | nearly).map(lambda value: json.dumps(value).encode())
commands = st.sampled_from([*REQUESTS, "reboot"]) | st.text(max_size=50)
RUBBISH = [
    b"\x00" * 2**20,
    b"[" * MOST_BYTES,
    b'{"transaction": NaN}',
    b'{"transaction": 1}',
    b"\xff\xfe",
    b"",
    b'{"transaction": "1", "transaction": "2"}',
    b'{"transaction": "ok", "part": "daemon", "at": "2001-01-01T00:00:00Z"}',
]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    box = DeskBox(tmp_path_factory.mktemp("box"), **EVERYTHING)
    box.handlers["ping"] = lambda request: {}
    yield box
    box.desk.stop(5)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=commands, payload=payloads, retained=st.booleans())
def test_any_message_is_answered_once_at_most_and_hurts_nothing(fuzzed, command, payload, retained):
    """Whatever its command, its bytes and its flag: no exception, no fault, and the next request is answered."""
    fuzzed.unix_s = 1_763_000_000.0
    fuzzed.take(command, payload, retained=retained)
    answers = fuzzed.answers_until("the-end")
    assert len(answers) <= 1
    assert all(answered == command and response.status in {"ok", "error"} for answered, response in answers)
    assert fuzzed.counted("faults") == 0
    assert len(fuzzed.desk._clerk._once._changes) <= MOST


@pytest.mark.parametrize("config", [{}, EVERYTHING], ids=["as it comes", "all allowed"])
def test_of_ten_thousand_hostile_messages_few_are_answered(tmp_path, config):
    """No more than each command's burst and a few refusals; all are counted; an honest request is answered after it."""
    box = DeskBox(tmp_path, **config)
    names = [*REQUESTS, "reboot", "a/b"]
    for number in range(10_000):
        box.take(names[number % len(names)], RUBBISH[number % len(RUBBISH)], retained=number % 7 == 0)
        assert box.desk._waiting.qsize() <= WAITING
    answers = box.answers_until("the-end")
    assert 0 < len(answers) <= REFUSALS_AT_ONCE + 10 * len(REQUESTS)
    assert all(response.status == "error" for _, response in answers)
    assert box.counted("refused") + box.counted("flooded") == 10_000
    assert box.done == []
    box.desk.stop(5)


def test_a_flood_that_lasts_is_answered_once_a_second(cautious):
    """However many come."""
    for _ in range(60):
        cautious.pass_s(1)
        for _ in range(20):
            cautious.take("restart", b"{}")
        cautious.answer()
    assert len(cautious.answers_until("the-end")) <= REFUSALS_AT_ONCE


def test_too_many_of_one_command_do_not_delay_another(box):
    """Each has a bucket of its own."""
    for number in range(100):
        box.take("health", {"transaction": str(number)})
    box.take("diagnose", {"transaction": "other"})
    answers = []
    while not answers or answers[-1][0] != "diagnose":
        answers.append(box.answer())
    assert answers[-1][1].status == "ok"
    assert len(answers) <= WAITING + 1


def test_who_asks_too_often_is_told_so(cautious):
    """After a rest they may again."""
    statuses = [cautious.ask("ping", str(number)).status for number in range(11)]
    assert statuses == ["ok"] * 10 + ["error"]
    refused = cautious.ask("ping", "again")
    assert refused.error == "ping: came more than 30 times a minute; ask again later"
    assert refused.transaction == "again"
    cautious.pass_s(2)
    assert cautious.ask("ping").status == "ok"


def test_while_a_handler_is_slow_messages_are_taken_and_most_are_let_go(tmp_path):
    """The broker's thread never waits; refusals leave room for requests."""
    box = DeskBox(tmp_path, **EVERYTHING, burst=100)
    begun, go_on = threading.Event(), threading.Event()
    box.handlers["clip"] = lambda _: {"waited": begun.set() or go_on.wait(10)}
    box.take("clip", {"transaction": "slow", "event": "0" * 26})
    assert begun.wait(10)
    for number in range(50):
        box.pass_s(1)
        box.take("reboot", {"transaction": f"refused-{number}"})
    for number in range(50):
        box.take("health", {"transaction": f"health-{number}"})
    assert box.desk._waiting.qsize() == WAITING
    go_on.set()
    answers = [box.answer()[1] for _ in range(1 + WAITING)]
    assert [answer.transaction for answer in answers[1:]] == [
        *(f"refused-{number}" for number in range(WAITING // 2)),
        *(f"health-{number}" for number in range(WAITING // 2)),
    ]
    assert box.answers.empty()
    box.desk.stop(5)


def test_a_request_that_is_too_long_is_not_read(cautious):
    """Its transaction is not known then."""
    response = cautious.ask("ping", note="x" * MOST_BYTES)
    assert response.error.endswith("bytes, must have at most 16,384")
    assert response.transaction is None
