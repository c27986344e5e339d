"""Requests are JSON by the letter, and of their command's type by the letter."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.commands import CommandError
from edged.commands.reading import decode, transaction_of, validate
from edged.messages.request_fields import unix_s
from edged.messages.requests import REQUESTS, SetRequest
from edged.messages.wire import rfc3339
from tests.commands.box import ARGUMENTS, EVENT


def refused(command, **fields):
    whole = {"transaction": "1", **ARGUMENTS.get(command, {}), **fields}
    with pytest.raises(CommandError) as caught:
        validate(command, {name: value for name, value in whole.items() if value != "absent"})
    return str(caught.value)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "is not JSON"),
        (b"ping", "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b'"{}"', "is not a JSON object"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1e999}', "1e999 is too large a number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is too long a number"),
        (b'{"a": 1, "a": 2}', "a key stands in it twice"),
        (b'{"b": {"a": 1, "a": 2}}', "a key stands in it twice"),
        (b'{"a": 1} {}', "is not JSON"),
        (b'{"a": "\xff"}', "is not JSON"),
        ('{"a": 1}'.encode("utf-16"), "is not JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "is not JSON"),
        (b'{"\\ud800": 1}', "is not JSON"),
        (b'{"a": ' + b"[" * 16_000 + b"]" * 16_000 + b"}", "is nested too deep"),
    ],
)
def test_what_is_no_json_object_is_refused(payload, words):
    """Numbers that are none, keys that stand twice, other encodings and depth without end among it."""
    with pytest.raises(CommandError, match=words):
        decode(payload)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**53), 2**53) | st.text()))
def test_any_json_object_is_read_as_it_was_written(fields):
    """By the standard library's own writer."""
    assert decode(json.dumps(fields).encode()) == fields


@given(st.binary())
def test_no_bytes_do_more_than_be_refused(payload):
    """CommandError, or an object."""
    told = ""
    try:
        assert isinstance(decode(payload), dict)
    except CommandError as error:
        told = str(error)
    assert len(told) <= 401


def test_a_transaction_is_repeated_only_where_it_is_one():
    """It is the asker's own text, and goes into an answer and a log."""
    assert transaction_of({"transaction": "a-Z.0:_"}) == "a-Z.0:_"
    for other in ({}, {"transaction": 1}, {"transaction": "x" * 65}, {"transaction": "a b"}, {"transaction": "a\n"}):
        assert transaction_of(other) is None
        with pytest.raises(CommandError, match="transaction: "):
            validate("ping", other)


@pytest.mark.parametrize("command", REQUESTS)
def test_what_a_command_does_not_know_is_refused(command):
    """The error names what it knows."""
    assert refused(command, nonsense=1).startswith("nonsense: unknown key; known here: transaction, at")


@pytest.mark.parametrize(
    ("command", "fields", "words"),
    [
        ("set", {"threshold": "0.5"}, "threshold: '0.5', must be a number in [0, 1]"),
        ("set", {"threshold": True}, "threshold: true, must be a number in [0, 1]"),
        ("set", {"threshold": 1.01}, "threshold: 1.01, must be in [0, 1]"),
        ("set", {"enabled": 1}, "enabled: 1, must be true or false"),
        ("set", {"enabled": "true"}, "enabled: 'true', must be true or false"),
        ("set", {"pipeline": "a/b"}, "pipeline: 'a/b', must be"),
        ("set", {"pipeline": "absent"}, "pipeline: is missing"),
        ("set", {"threshold": None}, "at least one of them must be there"),
        ("set", {"quiet_until": "2026-11-21T07:38:05"}, "must be a time with its zone"),
        ("restart", {"part": "x" * 41}, "part: "),
        ("models", {"action": "delete"}, "action: 'delete', must be one of list, use, roll_back"),
        ("models", {"model": None}, "model: is missing; use needs it"),
        ("models", {"action": "roll_back"}, "model: is not for roll_back; leave it out"),
        ("people", {"person": "Ana"}, "person: 'Ana', must be text that fits"),
        ("people", {"name": ""}, "name: '', must be"),
        ("people", {"name": "x" * 81}, "name: "),
        ("people", {"action": "erase"}, "name: is not for erase; leave it out"),
        ("people", {"action": "enroll", "person": None}, "camera: is missing; enroll needs it"),
        ("clip", {"event": EVENT.lower()}, "event: "),
        ("clip", {"offset": -1}, "offset: -1, must be"),
        ("clip", {"offset": 1.0}, "offset: 1.0, must be"),
        ("clip", {"file": "../gallery"}, "file: '../gallery', must be"),
        ("clip", {"file": ".hidden"}, "file: '.hidden', must be"),
        ("feedback", {"verdict": "maybe"}, "verdict: 'maybe', must be one of false_alarm, correct"),
        ("feedback", {"label": "A b"}, "label: 'A b', must be"),
        ("ping", {"at": 1_763_000_000}, "at: 1763000000, must be text"),
        ("ping", {"at": "yesterday"}, "at: 'yesterday', must be a time with its zone"),
        ("ping", {"at": "2026-02-30T00:00:00Z"}, "at: '2026-02-30T00:00:00Z', must be a time that there is"),
    ],
)
def test_each_argument_is_of_its_type_and_in_its_range(command, fields, words):
    """What is wrong, and what it must be."""
    assert words in refused(command, **fields)


def test_many_faults_are_told_in_few_words():
    """Three, and how many more."""
    words = refused("ping", **{f"{'k' * 5000}{number}": 1 for number in range(3)}, **{str(n): 1 for n in range(20)})
    assert len(words) <= 401
    assert refused("ping", a=1, b=1, c=1, d=1).endswith("(and 1 more)")


def test_null_ends_a_quiet_time_and_nothing_leaves_it():
    """A handler tells them apart by ``model_fields_set``, after a journey over the wire too."""
    ended = SetRequest(transaction="1", pipeline="drones", quiet_until=None)
    other = SetRequest(transaction="1", pipeline="drones", enabled=False)
    for request, said in ((ended, True), (other, False)):
        read = validate("set", decode(request.payload()))
        assert read == request
        assert ("quiet_until" in read.model_fields_set) is said


@given(st.floats(-62_000_000_000, 250_000_000_000))
def test_a_time_is_read_as_it_is_written(at_s):
    """To the millisecond, from year 5 to year 9892."""
    assert unix_s(rfc3339(at_s)) == pytest.approx(at_s, abs=1.1e-3)


@pytest.mark.parametrize(
    "text", ["2025-11-13T02:13:20Z", "2025-11-13t03:13:20.0+01:00", "2025-11-12T22:13:20.000000-04:00"]
)
def test_every_zone_and_fraction_of_rfc_3339_is_read(text):
    """What templates of Home Assistant give, too."""
    assert unix_s(text) == 1_763_000_000


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}"))
def test_no_text_is_more_than_no_time(text):
    """ValueError, or a number."""
    told = "must be a time"
    try:
        assert isinstance(unix_s(text), float)
    except ValueError as error:
        told = str(error)
    assert "must be a time" in told
