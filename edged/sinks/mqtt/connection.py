"""Connection: one connection to one broker, from hello to goodbye. The only place where paho is imported."""

import ssl
import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edged.sinks.mqtt.config import BrokerConfig, MqttConfig, read_secret, tls_context
from edged.sinks.mqtt.under_way import Sent, Then, UnderWay

IN_FLIGHT = 20
"""Messages sent and not yet acknowledged."""
CONNECT_LIMIT_S = 10.0
"""A broker that has not answered by then is frozen."""
UNSUPPORTED_VERSION = 0x84
HEADER_BYTES = 32
"""Of a packet besides topic and payload, at most."""
ACCEPTED = 0


class Connection:
    """Answers come on paho's thread, under paho's locks: no lock that they need may be held while calling us."""

    def __init__(self, broker: BrokerConfig, client: paho.Client, root: str) -> None:
        """``root``: what topics begin with."""
        self.broker, self._client, self._root = broker, client, root
        self.under_way = UnderWay()
        self.gone = threading.Event()
        """The connection is over."""
        self.why_gone = ""
        self.older_version_needed = False
        """The broker does not speak this version of MQTT."""
        self.most_bytes: int | None = None
        """The longest packet that the broker takes, where it says so."""
        self._refusal: str | None = None
        self._welcome = threading.Event()
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish = self._on_publish

    def open(self, keepalive_s: int) -> str:
        """Connect; returns why it could not be done, or nothing."""
        try:
            self._client.connect(self.broker.host, self.broker.port, keepalive_s)
        except (OSError, ValueError) as error:
            return f"{self.broker} cannot be reached: {_reason(error)}"
        self._client.loop_start()
        if not self._welcome.wait(CONNECT_LIMIT_S):
            return f"{self.broker} does not answer"
        return f"{self.broker} refuses: {self._refusal}" if self._refusal is not None else ""

    def fits(self, topic: str, payload: bytes) -> bool:
        """Whether the broker takes a message so long."""
        length = len(f"{self._root}/{topic}".encode()) + len(payload) + HEADER_BYTES
        return self.most_bytes is None or length <= self.most_bytes

    def publish(self, topic: str, payload: bytes, then: Then, *, seq: int = 0, retain: bool = False) -> None:
        """Send on ``topic`` below the root with QoS 1; ``then`` is called with the broker's answer."""
        sent = self._client.publish(f"{self._root}/{topic}", payload, qos=1, retain=retain)
        self.under_way.sent(sent.mid, Sent(then, seq))

    def close(self, limit_s: float = 0.0) -> None:
        """Say goodbye, if it can be said in time, and leave no socket and no thread."""
        if self._client.disconnect() == paho.MQTT_ERR_SUCCESS:
            self.gone.wait(limit_s)  # paho's loop would end with its goodbye unsent and its socket open
        self._client.loop_stop()
        self._client._reset_sockets()  # noqa: SLF001  # no public way closes its wake-up pair or a half-made connection
        self.gone.set()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        self.most_bytes = getattr(properties, "MaximumPacketSize", None)
        if reason.is_failure:
            self.older_version_needed = reason.value == UNSUPPORTED_VERSION
            self._refusal = str(reason)
        self._welcome.set()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.why_gone = str(reason)
        if not self._welcome.is_set():
            self.older_version_needed = True  # so do old brokers refuse what they do not know
            self._refusal = f"hung up: {reason}"
        self.gone.set()
        self._welcome.set()

    def _on_publish(self, _client: Any, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        self.under_way.answered(mid, reason.value if reason.is_failure else ACCEPTED, str(reason))


def make_client(config: MqttConfig, name: str, will: tuple[str, bytes], *, older: bool) -> paho.Client:
    """A client for one connection: MQTT 5, or 3.1.1 for an ``older`` broker; ``will``: retained topic and payload.

    Secrets are read anew each time; ConfigError where one cannot be.
    """
    version = MQTTProtocolVersion.MQTTv311 if older else MQTTProtocolVersion.MQTTv5
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=name,
        protocol=version,
        transport=config.transport,
        reconnect_on_failure=False,
    )
    client.max_inflight_messages_set(IN_FLIGHT)
    client.will_set(*will, qos=1, retain=True)
    if config.transport == "websockets":
        client.ws_set_options(config.websocket_path)
    if config.username:
        client.username_pw_set(config.username, read_secret(config.password_file) if config.password_file else None)
    if config.tls.enabled:
        client.tls_set_context(tls_context(config.tls))
    return client


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return getattr(error, "strerror", None) or str(error)
