"""EventLog: the log has each event's start and end, by its id and without a name."""

import logging

from edged.messages.event import Phase
from edged.outbox import Outbox
from edged.runtime.logs import fields
from edged.sinks.event_log import EventLog
from tests.events import an_event


def test_start_and_end_are_logged_with_fields_and_updates_are_not(caplog):
    """No label: it may be somebody's name, and journald keeps it."""
    outbox, log = Outbox(), EventLog()
    outbox.follow(log)
    with caplog.at_level(logging.INFO):
        for phase in (Phase.START, Phase.UPDATE, Phase.END):
            outbox(an_event(phase, label="Ada"))
        outbox.close()
    told = [fields(record) for record in caplog.records if record.name == "edged.sinks.event_log"]
    event = an_event().id
    assert told == [{"pipeline": "drones", "event": event, "phase": phase} for phase in ("start", "end")]
