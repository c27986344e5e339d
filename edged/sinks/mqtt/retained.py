"""Retained: the latest word on each topic, true on whichever broker is there."""

import logging
import threading
from functools import partial

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
        self._late: set[str] = set()  # not sent yet, as too much was under way
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
            if len(self._connection.under_way) < IN_FLIGHT:
                self._send(self._connection, topic)
            else:
                self._late.add(topic)

    def use(self, connection: Connection | None) -> None:
        """From now on send on ``connection``, beginning with all there is; None: there is none."""
        with self._sending:
            self._connection = connection
            self._late.clear()
            if connection:
                for topic in self._words:
                    self._send(connection, topic)

    def catch_up(self) -> None:
        """Send what is late. Call it often; it costs nothing while nothing is."""
        if self._late:
            with self._sending:
                while self._late and self._connection:
                    self._send(self._connection, self._late.pop())

    def answered(self, topic: str, code: int, words: str) -> None:
        """The broker's word on a word."""
        if code:
            self._health.count("refused")
            log.warning("broker refuses a topic", extra={"topic": topic, "reason": words})

    def _send(self, connection: Connection, topic: str) -> None:
        self._late.discard(topic)
        payload, answered = self._words[topic], partial(self.answered, topic)
        if connection.fits(topic, payload):
            connection.publish(topic, payload, answered, retain=True)
        else:  # the broker would hang up on it
            answered(1, f"{len(payload)} bytes are more than {connection.broker} takes")
