"""Events: takes events from the outbox and sends them; one leaves it when the broker has it or will never have it."""

import logging
import time
from collections.abc import Sequence
from functools import partial

from edged.messages.wire import GapMessage
from edged.outbox import Outbox, Outgoing
from edged.runtime.health import Part
from edged.sinks.mqtt.answers import Verdict, jitter_s, verdict
from edged.sinks.mqtt.connection import Connection
from edged.sinks.mqtt.properties import json_properties
from edged.sinks.mqtt.under_way import Sent

TURN_S = 0.2
"""So soon the end of a pause is noticed, or that we are to stop."""

log = logging.getLogger(__name__)


class Events:
    """Sends in the outbox's order, over one connection after another."""

    def __init__(
        self,
        root: str,
        outbox: Outbox,
        health: Part,
        pause_max_s: float,
        expiry_s: float | None,
    ) -> None:
        """``pause_max_s``: before a broker without room is asked again; ``expiry_s``: how long brokers keep events."""
        self._root, self._outbox, self._health = root, outbox, health
        self.pause_max_s = pause_max_s
        self.expire_after(expiry_s)
        self._tries: dict[int, int] = {}
        self._pause_due, self._busy = False, 0  # the broker cannot take a message now; for how many pauses already
        self._paused_until_s = 0.0

    def expire_after(self, expiry_s: float | None) -> None:
        """From now on brokers keep events for so long; None: as they like."""
        self._properties = json_properties(expiry_s)

    def tell_gaps(self, connection: Connection) -> None:
        """Say what is gone; comes before all events."""
        if gaps := self._outbox.gaps():
            connection.publish(f"{self._root}/gap", gaps.payload(), partial(self._gaps_answered, gaps))

    def send_next(self, connection: Connection, *, one_by_one: bool) -> float:
        """Send what there is, as far as there is room; returns for how long there is nothing more, unless it comes."""
        # one by one also keeps the order where one after another is refused
        room = 1 if self._busy or one_by_one else connection.room
        if self._pauses(connection):
            return TURN_S
        while len(connection.under_way) < room:
            if (message := self._outbox.take()) is None:
                return min(TURN_S, self._outbox.backlog_free_in_s)
            self._send(connection, message)
        return TURN_S

    def put_back(self, unanswered: Sequence[Sent]) -> None:
        """The connection is over: have what was under way sent again."""
        for seq in sorted(sent.seq for sent in unanswered if sent.seq):
            self._outbox.put_back(seq)

    def refuse(self, seq: int, reason: str) -> None:
        """Send it never again."""
        self._health.count("refused")
        log.warning("broker refuses a message for good", extra={"seq": seq, "reason": reason})
        self._outbox.refuse(seq, reason)

    def _pauses(self, connection: Connection) -> bool:
        """After the broker could not take a message: first comes the rest of what is under way, then a pause."""
        if self._pause_due and connection.under_way.is_empty():
            self._pause_due, self._busy = False, self._busy + 1
            self._paused_until_s = time.monotonic() + jitter_s(self._busy, self.pause_max_s)
        return self._pause_due or time.monotonic() < self._paused_until_s

    def _send(self, connection: Connection, message: Outgoing) -> None:
        topic, payload = f"{self._root}/event/{message.pipeline}", message.payload()
        if not connection.fits(topic, payload):
            self.refuse(message.seq, f"{len(payload)} bytes are more than {connection.broker} takes")
            return
        answered = partial(self._answered, message.seq, time.monotonic(), message.waited_s)
        connection.publish(topic, payload, answered, seq=message.seq, properties=self._properties)

    def _answered(self, seq: int, sent_s: float, waited_s: float | None, code: int, words: str) -> None:
        tries = self._tries.pop(seq, 0) + 1
        match verdict(code, tries):
            case Verdict.DONE:
                self._busy, took_s = 0, time.monotonic() - sent_s
                self._health.took("puback", took_s)
                if waited_s is not None:
                    self._health.took("accepted_to_puback", waited_s + took_s)
                self._outbox.acknowledge(seq)
            case Verdict.AGAIN:
                self._tries[seq], self._pause_due = tries, True
                self._outbox.put_back(seq)
            case Verdict.REFUSED:
                self.refuse(seq, words)

    def _gaps_answered(self, gaps: GapMessage, code: int, _words: str) -> None:
        if not code:
            self._outbox.forget_gaps(gaps)
