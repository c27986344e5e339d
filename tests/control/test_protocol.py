"""The lines of the control socket: what goes in comes out, and everything else is one clear error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.control.protocol import (
    MOST_LINE_BYTES,
    ControlError,
    Peer,
    Progress,
    Result,
    decode_answer,
    decode_request,
    encode_answer,
    encode_error,
    encode_request,
    of_handlers,
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
names = st.text(st.characters(exclude_categories=["Cs"]))


@given(names, st.dictionaries(st.text().filter(lambda name: name != "do"), values, max_size=4))
def test_a_request_comes_out_as_it_went_in(do, arguments):
    """In one line."""
    try:
        line = encode_request(do, arguments)
    except UnicodeEncodeError:
        return  # half a surrogate pair is no text
    assert line.count(b"\n") == 1
    assert decode_request(line) == (do, arguments)


@given(values)
def test_answers_come_out_as_they_went_in(value):
    """Results of any kind, progress as mappings."""
    try:
        assert decode_answer(encode_answer(Result(value))) == Result(value)
        assert decode_answer(encode_answer(Progress({"at": value}))) == Progress({"at": value})
    except UnicodeEncodeError:
        return


@given(st.binary() | values.map(lambda value: json.dumps(value).encode()))
def test_any_other_line_is_one_error(line):
    """No line makes anything else happen, from either side."""
    assert all(decoded_or_told(decode, line) for decode in (decode_request, decode_answer))


def decoded_or_told(decode, line):
    try:
        return decode(line) is not None
    except ControlError as error:
        return bool(str(error))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b'{"do": NaN}', "NaN is no number"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "must be a JSON object"),
        (b"{}", "do: None, must be the name"),
        (b'{"do": 5}', "do: 5, must be the name"),
    ],
)
def test_a_malformed_request_is_told_what_is_wrong_with_it(line, said):
    """The line, cut short, and why."""
    with pytest.raises(ControlError, match=said) as refused:
        decode_request(line)
    assert len(str(refused.value)) < 300


def test_an_error_keeps_its_words_and_its_exit_code():
    """So that a command ends the same with a daemon and without."""
    error = ControlError("no such thing")
    error.exit_code = 78
    with pytest.raises(ControlError, match=r"^no such thing$") as raised:
        decode_answer(encode_error(error))
    assert raised.value.exit_code == 78


def test_a_line_that_is_too_long_is_not_sent():
    """Whoever wants so much asks for less at a time."""
    with pytest.raises(ControlError, match="must be at most 8,388,608"):
        encode_request("people.show", {"who": "x" * MOST_LINE_BYTES})


def test_a_peer_is_named_for_the_audit_log():
    """By name, user id and process."""
    assert Peer(0, 0, 4711).by == "root (uid 0, pid 4711)"
    assert Peer(123_456_789, 0, 1).by == "? (uid 123456789, pid 1)"


def test_handlers_can_be_asked_without_a_socket():
    """They get the same; a name that is none is told which there are."""
    ask = of_handlers({"echo": lambda arguments, peer: iter([Result([dict(arguments), peer.uid])])}, Peer(7, 0, 1))
    assert list(ask("echo", {"a": 1})) == [Result([{"a": 1}, 7])]
    with pytest.raises(ControlError, match="'ehco', must be one of: echo"):
        ask("ehco", {})
