"""Connection: one connection to one broker, from hello to goodbye."""

import logging
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import MQTT_ERR_SUCCESS
from paho.mqtt.properties import Properties

from edged.sinks.mqtt.arrived import Arrived
from edged.sinks.mqtt.client import IN_FLIGHT, Client
from edged.sinks.mqtt.config import BrokerConfig
from edged.sinks.mqtt.inbox import Inbox
from edged.sinks.mqtt.properties import json_properties
from edged.sinks.mqtt.reasons import in_words
from edged.sinks.mqtt.under_way import Sent, Then, UnderWay

CONNECT_LIMIT_S = 10.0
"""A broker that has not answered by then is frozen."""
ANSWER_KEEPALIVES = 3
"""A broker that acknowledges nothing for so many is as good as frozen, though it may answer pings."""
UNSUPPORTED_VERSION, UNSPECIFIED = 0x84, 0x80
HEADER_BYTES = 96
"""Of a packet besides topic and payload, at most."""
ACCEPTED = 0
JSON = json_properties()

log = logging.getLogger(__name__)


class Connection:
    """One thread at a time opens, turns and closes it; there come the answers. Any thread may publish."""

    def __init__(self, broker: BrokerConfig, client: Client, inbox: Inbox) -> None:
        """``inbox``: who hears what arrives."""
        self.broker, self._client, self._inbox = broker, client, inbox
        self.under_way = UnderWay()
        self.gone = threading.Event()
        """The connection is over."""
        self.why_gone = ""
        self.code_gone: int | None = None
        """The broker's reason to end it, where it gave one."""
        self.hung_up = False
        """The broker ended it without a word."""
        self.older_version_needed = False
        """The broker does not speak this version of MQTT."""
        self.most_bytes: int | None = None
        """The longest packet that the broker takes, where it says so."""
        self.room = IN_FLIGHT
        """Messages that may be sent and not yet acknowledged; fewer where the broker says so."""
        self._refusal: str | None = None
        self._answer_limit_s = float("inf")
        self._welcome = False
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish, client.on_message, client.on_subscribe = (
            self._on_publish,
            self._on_message,
            self._on_subscribe,
        )

    def open(self, keepalive_s: int) -> str:
        """Connect; returns why it could not be done, or nothing."""
        self._answer_limit_s = ANSWER_KEEPALIVES * keepalive_s
        try:
            self._client.open(self.broker, keepalive_s)
        except (OSError, ValueError) as error:
            return f"{self.broker} cannot be reached: {_reason(error)}"
        if not self.turn_until(lambda: self._welcome, CONNECT_LIMIT_S):
            return f"{self.broker} does not answer"
        return f"{self.broker} refuses: {self._refusal}" if self._refusal is not None else ""

    def turn(self, timeout_s: float) -> None:
        """Send and read what there is, or what comes within so long; answers are told meanwhile."""
        try:
            if self._client.turn(timeout_s):
                self._over("")
        except Exception as error:  # of paho's, or of ours in a callback: the connection is over, and not in silence
            log.exception("connection lost to a fault of edged's own")
            self._over(f"a fault of edged's own: {error!r}; please report it")

    def turn_until(self, done: Callable[[], bool], limit_s: float) -> bool:
        """Turn until it is so, the connection is over or the time is up; whether it is so."""
        until_s = time.monotonic() + limit_s
        while not done() and not self.gone.is_set() and (left_s := until_s - time.monotonic()) > 0:
            self.turn(left_s)
        return done()

    def wake(self) -> None:
        """Have :meth:`turn` return, wherever it is called."""
        self._client.wake()

    def fits(self, topic: str, payload: bytes) -> bool:
        """Whether the broker takes a message so long."""
        return self.most_bytes is None or len(topic.encode()) + len(payload) + HEADER_BYTES <= self.most_bytes

    def publish(
        self,
        topic: str,
        payload: bytes,
        then: Then,
        *,
        seq: int = 0,
        retain: bool = False,
        properties: Properties | None = None,
    ) -> None:
        """Send on ``topic`` with QoS 1; ``then`` is called with the broker's answer.

        ``properties``: of MQTT 5; None: what is usual for such a payload.
        """
        if not self._client.speaks_5:
            properties = None
        elif properties is None and payload.startswith(b"{"):
            properties = JSON
        sent = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        self.under_way.sent(sent.mid, Sent(then, seq, topic))

    def subscribe(self) -> None:
        """Ask for all that somebody listens to: with QoS 0, now or never, as requests are answered.

        Of QoS 1, mosquitto 2.0.11 counts a message that is too long for us as sent and never acknowledged: after as
        many of them as may be unanswered we would hear nothing any more.
        """
        if filters := self._inbox.filters:
            self._client.subscribe([(topic_filter, 0) for topic_filter in filters])

    def give_up_if_stuck(self) -> None:
        """Call it over where nothing is acknowledged any more."""
        if self.under_way.stuck_for(self._answer_limit_s):
            self.why_gone = self.why_gone or f"it has acknowledged nothing for {self._answer_limit_s:.0f} s"
            self.gone.set()

    def close(self, limit_s: float = 0.0) -> None:
        """Say goodbye, if it can be said in time, and leave no socket and no thread."""
        self._client.take_over()
        if self._client.disconnect() == MQTT_ERR_SUCCESS:
            self.turn_until(self.gone.is_set, limit_s)
        self._client.shut()
        self.gone.set()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        self.most_bytes = getattr(properties, "MaximumPacketSize", None)
        self.room = min(IN_FLIGHT, getattr(properties, "ReceiveMaximum", IN_FLIGHT))
        self._client.send_at_once_at_most(self.room)
        if reason.is_failure:
            self.older_version_needed = reason.value == UNSUPPORTED_VERSION
            self._refusal = in_words(reason, properties)
        self._welcome = True

    def _on_disconnect(self, _client: Any, _data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self.why_gone, self.code_gone = in_words(reason, properties), reason.value
        else:
            self.hung_up = reason.value == UNSPECIFIED
            self.why_gone = "it hung up" if self.hung_up else str(reason)
        if not self._welcome:
            self.older_version_needed = True  # so do old brokers refuse what they do not know
        self._over("")

    def _on_publish(self, _client: Any, _data: Any, mid: int, reason: Any, properties: Any) -> None:
        failed = reason.is_failure
        self.under_way.answered(
            mid, reason.value if failed else ACCEPTED, in_words(reason, properties) if failed else ""
        )

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # no broker should pass it on, and nobody listens to it
            return
        if self._client.reads_too_much:
            self._inbox.too_long(topic)
        else:
            self._inbox.take(Arrived(topic, bytes(message.payload), message.retain))

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, reasons: Sequence[Any], properties: Any) -> None:
        for topic_filter, reason in zip(self._inbox.filters, reasons, strict=False):
            if reason.is_failure:
                self._inbox.refused(topic_filter, in_words(reason, properties))

    def _over(self, fault: str) -> None:
        self.why_gone = self.why_gone or fault
        if not self._welcome:
            self._welcome, self._refusal = True, self.why_gone
        self.gone.set()


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return getattr(error, "strerror", None) or str(error)
