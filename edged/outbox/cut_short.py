"""Cut short: the end of an event that was on when edged was killed: nobody saw it, and readers must not wait for it."""

from edged.messages.event import Phase
from edged.messages.wire import rfc3339
from edged.outbox.clock import Moment, marked
from edged.outbox.outgoing import read
from edged.outbox.row import Row


def cut_short(body: str, seq: int, now: Moment) -> Row | None:
    """The end that follows the message ``body``, numbered ``seq``; None where the disk has garbled it.

    It ended no earlier than that message told; that is the end it has.
    """
    last = read(Row(seq, "", "", now, body))
    if last is None:
        return None
    changes = {"seq": seq, "phase": Phase.END, "ended_at": last.observed_at, "observed_at": rfc3339(now.unix_s)}
    afresh = {"cut_short": True, "delayed": False, "clock": "synchronised", "boot_id": None, "monotonic_s": None}
    message = marked(last.model_copy(update=changes | afresh), now)
    return Row(seq, last.id, Phase.END, now, message.model_dump_json(), message)
