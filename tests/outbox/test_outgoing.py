"""Outgoing: what was written is sent as it stands, but for the mark that it waited."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.wire import EventMessage, event_message
from edged.outbox.clock import Moment, handed_out
from edged.outbox.outgoing import outgoing
from edged.outbox.row import Row
from tests.events import an_event

THEN = Moment("boot", 100.0, 1_700_000_000.0, synchronised=True)
LATER = THEN._replace(monotonic_s=200.0, unix_s=1_700_000_100.0)


def a_row(message, *, read):
    return Row(message.seq, message.id, message.phase, THEN, message.model_dump_json(), None if read else message)


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=20), st.floats(0, 1), max_size=3), st.booleans())
def test_whatever_it_says_only_the_mark_differs(label, evidence, read):
    """Texts that look like the mark themselves are left alone."""
    for name in (label, label + ',"delayed":false,', '","delayed":false,"'):
        message = event_message(an_event(label=name, evidence={**evidence, name: 0.5}), 7, THEN.unix_s)
        sent = outgoing(a_row(message, read=read), LATER, waited=False)
        assert sent.payload() == handed_out(message, THEN, LATER, waited=False).payload()
        assert sent.message.delayed
        assert (sent.seq, sent.pipeline) == (7, message.pipeline)


def test_what_is_live_is_sent_as_it_was_written():
    """Byte for byte."""
    message = event_message(an_event(), 1, THEN.unix_s)
    assert outgoing(a_row(message, read=False), THEN, waited=False).payload() == message.payload()


@pytest.mark.parametrize("change", [lambda it: {**it, "delayed": True}, lambda it: dict(reversed(it.items()))])
def test_json_of_another_shape_is_marked_too(change):
    """As another version may have written it."""
    body = json.dumps(change(json.loads(event_message(an_event(), 1, THEN.unix_s).payload())))
    assert EventMessage.model_validate_json(body)
    row = Row(1, "event", "start", THEN, body)
    assert outgoing(row, LATER, waited=False).message.delayed


def test_what_the_disk_has_garbled_is_not_sent():
    """It is no message any more."""
    assert outgoing(Row(1, "event", "start", THEN, '{"id":'), LATER, waited=True) is None
