"""Suspect: which message a broker hangs up on, where it does so again and again."""

from collections.abc import Sequence

from edged.sinks.mqtt.answers import NO_FAULT_OF_A_MESSAGE
from edged.sinks.mqtt.comeback import STEADY_S
from edged.sinks.mqtt.under_way import Sent

HANG_UP_S = 2.0
"""Where a broker ends a connection so soon after a message, the message may be why."""
MOST_HANG_UPS = 5
"""A message on which a broker hangs up so often in a row is to blame."""


class Suspect:
    """The first message that has no answer. Once there is one, send one by one: then it is the only one."""

    def __init__(self) -> None:
        self._who: tuple[str, int] | None = None
        self._times = 0

    @property
    def there_is_one(self) -> bool:
        """Whether a message is suspected, so that care is due."""
        return self._times > 0

    def lost(self, unanswered: Sequence[Sent], quiet_s: float, code: int | None) -> Sent | None:
        """A connection is over with these not answered, in the order in which they were sent.

        ``quiet_s``: since the last was sent; ``code``: the broker's reason, if it gave one. Returns the message that
        is to blame beyond doubt: do not send it again.
        """
        if not unanswered or quiet_s > HANG_UP_S or code in NO_FAULT_OF_A_MESSAGE:
            return None
        who = unanswered[0].topic, unanswered[0].seq
        self._times = self._times + 1 if who == self._who else 1
        self._who = who
        if self._times < MOST_HANG_UPS:
            return None
        self._who, self._times = None, 0
        return unanswered[0]

    def lasting(self, for_s: float) -> None:
        """A connection has lasted for so long and goes on."""
        if for_s > STEADY_S:
            self._who, self._times = None, 0
