"""Events: takes events from the outbox and sends them; one leaves it when the broker has it or will never have it."""

import logging
import threading
import time
from functools import partial

from edged.messages.wire import EventMessage, GapMessage
from edged.outbox import Outbox
from edged.runtime.health import Part
from edged.sinks.mqtt.answers import NO_FAULT_OF_A_MESSAGE, Verdict, jitter_s, verdict
from edged.sinks.mqtt.connection import Connection
from edged.sinks.mqtt.properties import json_properties

HANG_UP_S = 2.0
MOST_HANG_UPS = 5
"""A message on which a broker hangs up so often in a row, each time within ``HANG_UP_S``, is refused for good."""
TAKE_S = 0.5

log = logging.getLogger(__name__)


class Events:
    """Sends in the outbox's order, over one connection after another."""

    def __init__(
        self,
        root: str,
        outbox: Outbox,
        health: Part,
        stopping: threading.Event,
        pause_max_s: float,
        expiry_s: float | None,
    ) -> None:
        """``pause_max_s``: before a broker without room is asked again; ``expiry_s``: how long brokers keep events."""
        self._root, self._outbox, self._health, self._stopping = root, outbox, health, stopping
        self._pause_max_s, self._properties = pause_max_s, json_properties(expiry_s)
        self._tries: dict[int, int] = {}
        self._pause_due, self._busy = False, 0  # the broker cannot take a message now; for how many pauses already
        self._suspect = (0, 0)  # the message on which the broker hung up, and how often
        self._sent_s = 0.0

    def tell_gaps(self, connection: Connection) -> None:
        """Say what is gone; comes before all events."""
        if gaps := self._outbox.gaps():
            connection.publish(f"{self._root}/gap", gaps.payload(), partial(self._gaps_answered, gaps))

    def send_next(self, connection: Connection) -> None:
        """Send one, if there is one, and room for it, in time."""
        room = 1 if self._busy else connection.room  # one by one keeps the order where one after another is refused
        if not connection.under_way.wait_for_fewer(room, TAKE_S) or not self._may_go_on(connection):
            return
        if (message := self._outbox.take(TAKE_S)) and self._pause_due:
            self._outbox.put_back(message.seq)
        elif message:
            self._send(connection, message)

    def put_back(self, connection: Connection) -> bool:
        """The connection is over: have what was under way sent again; but not for ever what makes a broker hang up.

        True where there was something.
        """
        seqs = connection.under_way.give_up()
        some, blameless = bool(seqs), connection.code_gone in NO_FAULT_OF_A_MESSAGE or self._stopping.is_set()
        if seqs and not blameless and time.monotonic() - self._sent_s < HANG_UP_S:
            first, times = self._suspect
            self._suspect = (seqs[0], times + 1 if first == seqs[0] else 1)
            if self._suspect[1] == MOST_HANG_UPS:
                self._refuse(seqs.pop(0), f"the broker hung up on it {MOST_HANG_UPS} times")
        for seq in seqs:
            self._outbox.put_back(seq)
        return some

    def _may_go_on(self, connection: Connection) -> bool:
        """False after a pause, as the broker could not take a message: first comes the rest of what is under way."""
        if not self._pause_due:
            return True
        if connection.under_way.wait_for_fewer(1, TAKE_S):
            self._pause_due, self._busy = False, self._busy + 1
            until_s = time.monotonic() + jitter_s(self._busy, self._pause_max_s)
            while time.monotonic() < until_s and not connection.gone.is_set() and not self._stopping.is_set():
                self._stopping.wait(min(TAKE_S, max(0.0, until_s - time.monotonic())))
        return False

    def _send(self, connection: Connection, message: EventMessage) -> None:
        topic, payload = f"{self._root}/event/{message.pipeline}", message.payload()
        if not connection.fits(topic, payload):
            self._refuse(message.seq, f"{len(payload)} bytes are more than {connection.broker} takes")
            return
        self._sent_s = time.monotonic()
        answered = partial(self._answered, message.seq)
        connection.publish(topic, payload, answered, seq=message.seq, properties=self._properties)

    def _answered(self, seq: int, code: int, words: str) -> None:
        tries = self._tries.pop(seq, 0) + 1
        match verdict(code, tries):
            case Verdict.DONE:
                self._busy = 0
                self._outbox.acknowledge(seq)
            case Verdict.AGAIN:
                self._tries[seq], self._pause_due = tries, True
                self._outbox.put_back(seq)
            case Verdict.REFUSED:
                self._refuse(seq, words)

    def _gaps_answered(self, gaps: GapMessage, code: int, _words: str) -> None:
        if not code:
            self._outbox.forget_gaps(gaps)

    def _refuse(self, seq: int, reason: str) -> None:
        self._health.count("refused")
        log.warning("broker refuses a message for good", extra={"seq": seq, "reason": reason})
        self._outbox.refuse(seq, reason)
