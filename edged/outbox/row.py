"""Row: one message that waits, as it stands in the outbox's table."""

from collections.abc import Iterable
from typing import NamedTuple

from edged.messages.wire import EventMessage
from edged.outbox.clock import Moment


class Row(NamedTuple):
    """One message that waits."""

    seq: int
    event: str
    phase: str
    accepted: Moment
    body: str
    """JSON of the message."""
    message: EventMessage | None = None
    """The same, where it was made just now and not read."""

    @property
    def fields(self) -> tuple[int, str, str, str, float, float, int, str]:
        """As in the table."""
        return (self.seq, self.event, self.phase, *self.accepted, self.body)


def as_row(fields: tuple[int, str, str, str, float, float, int, str]) -> Row:
    """From the table."""
    seq, event, phase, boot_id, monotonic_s, unix_s, synchronised, body = fields
    return Row(seq, event, phase, Moment(boot_id, monotonic_s, unix_s, bool(synchronised)), body)


def runs(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each unbroken run of numbers, in order."""
    found: list[tuple[int, int]] = []
    for seq in sorted(seqs):
        if found and seq <= found[-1][1] + 1:
            found[-1] = (found[-1][0], seq)
        else:
            found.append((seq, seq))
    return found
