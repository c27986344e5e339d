"""Journal: one JSON line an event."""

import io
import json

from edged.messages.wire import event_message
from edged.sinks.journal import Journal
from tests.events import an_event


def test_each_event_is_one_line_of_json():
    """Lines stay whole and in order."""
    stream = io.StringIO()
    journal = Journal(stream)
    for seq in (1, 2):
        journal(event_message(an_event(), seq, 0))
    assert [json.loads(line)["seq"] for line in stream.getvalue().splitlines()] == [1, 2]


class ClosedPipe(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_reader_that_has_gone_costs_one_warning(caplog):
    """The box goes on without its journal."""
    journal = Journal(ClosedPipe())
    for seq in (1, 2, 3):
        journal(event_message(an_event(), seq, 0))
    assert caplog.text.count("no reader") == 1
