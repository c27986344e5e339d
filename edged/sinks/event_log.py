"""EventLog: a line in the log at each event's start and end, so that journald can be asked about one event."""

import logging

from edged.messages.event import Phase
from edged.messages.wire import EventMessage

log = logging.getLogger(__name__)


class EventLog:
    """Follows the outbox. No label is logged: it may be somebody's name."""

    def __call__(self, message: EventMessage) -> None:
        if message.phase is not Phase.UPDATE:
            log.info("event", extra={"pipeline": message.pipeline, "event": message.id, "phase": message.phase.value})
