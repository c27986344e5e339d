"""Outgoing: a message as it is sent now. What was written is sent as it stands, wherever nothing has changed."""

from typing import NamedTuple

from pydantic import ValidationError

from edged.messages.wire import EventMessage
from edged.outbox.clock import Moment, handed_out, is_late, to_be_corrected
from edged.outbox.row import Row

IN_TIME, LATE = ',"delayed":false,', ',"delayed":true,'
"""As JSON of an event has it once; in its texts quotation marks are escaped, and all else in it is no truth value."""


class Outgoing(NamedTuple):
    """For the broker."""

    seq: int
    pipeline: str
    body: str
    """JSON of the message."""
    waited_s: float | None = None
    """Since it was accepted; None of one that is late."""

    def payload(self) -> bytes:
        """The JSON that is sent."""
        return self.body.encode()

    @property
    def message(self) -> EventMessage:
        """What it says."""
        return EventMessage.model_validate_json(self.body)


def outgoing(row: Row, now: Moment, *, waited: bool) -> Outgoing | None:
    """What becomes of a row; None where the disk has garbled it. ``waited``: since before edged was started."""
    message = row.message or read(row)
    if message is None:
        return None
    body, late = row.body, waited or is_late(row.accepted, now)
    if to_be_corrected(row.accepted, now) or (late and IN_TIME not in body):
        body = handed_out(message, row.accepted, now, waited=waited).model_dump_json()
    elif late:
        body = body.replace(IN_TIME, LATE)
    return Outgoing(row.seq, message.pipeline, body, None if late else now.monotonic_s - row.accepted.monotonic_s)


def read(row: Row) -> EventMessage | None:
    """The message in a row that was read; None where the disk has garbled it."""
    try:
        return EventMessage.model_validate_json(row.body)
    except ValidationError:
        return None
