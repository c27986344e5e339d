"""Retained: the latest word on each topic, true on whichever broker is there."""

import logging
import threading
from functools import partial

from edged.messages.wire import Message
from edged.runtime.health import Part
from edged.sinks.mqtt.client import IN_FLIGHT
from edged.sinks.mqtt.connection import Connection

log = logging.getLogger(__name__)


class Retained:
    """Sends a word when it is news, and all of them at every connection. Thread-safe; not for callbacks of paho's.

    The latest word on a topic is also the last one sent. Where the broker is slow, words in between are left out.
    """

    def __init__(self, health: Part) -> None:
        self._health = health
        self._words: dict[str, bytes] = {}
        self._late: dict[str, None] = {}  # not sent yet, as too much was under way; in order
        self._left_out: dict[str, bytes] = {}
        self._one_by_one = False
        self._sending = threading.Lock()  # held while paho is called: no callback needs it
        self._connection: Connection | None = None

    def set(self, topic: str, payload: bytes) -> None:
        """The latest word on a topic; an empty one takes it away."""
        with self._sending:
            if self._words.get(topic) == payload:
                return
            self._words[topic] = payload
            if self._connection is None:
                return
            if len(self._connection.under_way) < (1 if self._one_by_one else IN_FLIGHT):
                self._send(self._connection, topic)
            else:
                self._late[topic] = None

    def use(self, connection: Connection | None, *, one_by_one: bool = False) -> None:
        """From now on send on ``connection``, beginning with all there is; None: there is none."""
        with self._sending:
            self._connection, self._one_by_one = connection, one_by_one
            self._late = dict.fromkeys(self._words)
        self.catch_up()

    def catch_up(self) -> None:
        """Send what is late. Call it often; it costs nothing while nothing is."""
        if not self._late:
            return
        with self._sending:
            while self._late and self._connection and not self._connection.gone.is_set():
                if self._one_by_one and not self._connection.under_way.is_empty():
                    return
                self._send(self._connection, next(iter(self._late)))

    def leave_out(self, topic: str) -> None:
        """The broker hangs up on this word: do not send it until there is another."""
        with self._sending:
            self._left_out[topic] = self._words.get(topic, b"")
        self.answered(topic, 1, "it hangs up on it")

    def answered(self, topic: str, code: int, words: str) -> None:
        """The broker's word on a word."""
        if code:
            self._health.count("refused")
            log.warning("broker refuses a topic", extra={"topic": topic, "reason": words})

    def _send(self, connection: Connection, topic: str) -> None:
        self._late.pop(topic, None)
        payload, answered = self._words[topic], partial(self.answered, topic)
        if self._left_out.get(topic) == payload:
            return
        if connection.fits(topic, payload):
            connection.publish(topic, payload, answered, retain=True)
        else:  # the broker would hang up on it
            answered(1, f"{len(payload)} bytes are more than {connection.broker} takes")


def encoded(message: Message | str | bytes) -> bytes:
    """What is sent of it."""
    if isinstance(message, Message):
        return message.payload()
    return message.encode() if isinstance(message, str) else message
