"""Mqtt: publishes events and the box's own state on an MQTT broker. The only place where paho is imported."""

import logging
import ssl
import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import Field, model_validator

from edged.config import SecretFile, Section
from edged.errors import ConfigError
from edged.messages.event import Phase
from edged.messages.health import State
from edged.messages.wire import ActiveMessage, EventMessage, Message, StateMessage
from edged.outbox import Outbox
from edged.runtime.health import Part

IN_FLIGHT = 20
"""Messages sent and not yet acknowledged."""
MOST_ACTIVE = 20
"""Events of one pipeline that ``active/<pipeline>`` shows at most; more at once stand in ``event/…`` alone."""
RECONNECT_S = (1, 30)
"""paho waits so long at first, doubling up to the second, between tries."""

log = logging.getLogger(__name__)


class TlsConfig(Section):
    """Encryption; the broker's name is always checked against its certificate."""

    enabled: bool = False
    """Use TLS 1.2 or later."""
    ca_file: Path | None = None
    """Certificates to trust; null: the system's."""
    certificate_file: Path | None = None
    """The box's own certificate, for mutual TLS."""
    key_file: SecretFile | None = None
    """The key to that certificate."""


class MqttConfig(Section):
    """The broker."""

    enabled: bool = True
    """Publish over MQTT."""
    host: str = Field("localhost", min_length=1)
    """The broker's name or address."""
    port: int = Field(1883, ge=1, le=65535)
    """Its port; 8883 is usual with TLS."""
    base_topic: str = Field("edged", pattern=r"^[a-z0-9_-]{1,40}(/[a-z0-9_-]{1,40})*$")
    """Topics begin with this and the device's name; may put a site in front (`farm/edged`)."""
    username: str | None = None
    """User name at the broker."""
    password_file: SecretFile | None = None
    """File that holds the password and nothing else; may begin with ${CREDENTIALS_DIRECTORY}/ under systemd."""
    keepalive_s: int = Field(10, ge=1, le=3600)
    """A broker that froze, or a box that vanished, is noticed after about 1.5 times this."""
    tls: TlsConfig = TlsConfig()

    @model_validator(mode="after")
    def _password_needs_a_user(self) -> "MqttConfig":
        if self.password_file and not self.username:
            raise ValueError("username is missing: password_file is only used with one")
        return self


def read_secret(path: Path) -> str:
    """The secret in a file, without the line's end; ConfigError names the file, never its content."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise ConfigError(
            f"mqtt.password_file: {path}: {reason}; write the password to it, readable by edged"
        ) from None


class Mqtt:
    """One connection. Retained topics are published anew at every connection; events are taken from the outbox."""

    def __init__(self, config: MqttConfig, device: str, outbox: Outbox, health: Part) -> None:
        """ConfigError where a secret or certificate cannot be read; the broker need not be there."""
        self._config, self._outbox, self._health = config, outbox, health
        self._root = f"{config.base_topic}/{device}"
        self._retained: dict[str, bytes] = {}
        self._active: dict[str, dict[str, EventMessage]] = {}
        self._in_flight: dict[int, int | None] = {}
        self._lock = threading.Lock()
        self._retaining = threading.Lock()  # the latest word on a topic is also the last one sent; never in on_publish
        self._connected, self._stopping, self._gone = threading.Event(), threading.Event(), threading.Event()
        self._client = self._make_client(device)
        self._sender = threading.Thread(target=self._send, name="mqtt-sender", daemon=True)

    def start(self) -> None:
        """Connect in the background; a broker that is not there is tried again."""
        self.retain("state", StateMessage(state="online"))
        self._health.set(State.DEGRADED, f"not connected to {self._config.host}:{self._config.port} yet")
        self._client.connect_async(self._config.host, self._config.port, self._config.keepalive_s)
        self._client.loop_start()
        self._sender.start()

    def stop(self, limit_s: float) -> None:
        """Say goodbye: what waits is sent if the broker takes it in time, then ``offline``."""
        was_connected = self._connected.is_set()
        if was_connected:
            self._outbox.wait_until_empty(limit_s / 2)
            goodbye = self._publish("state", StateMessage(state="offline").payload(), retain=True)
            try:
                goodbye.wait_for_publish(limit_s / 4)
            except (RuntimeError, ValueError) as error:
                log.warning("offline could not be said", extra={"reason": str(error)})
        self._stopping.set()
        self._gone.clear()
        self._client.disconnect()
        if was_connected:
            self._gone.wait(limit_s / 8)  # paho's loop would end with its goodbye unsent and its socket open
        self._sender.join(limit_s / 8)
        self._client.loop_stop()
        self._client._reset_sockets()  # noqa: SLF001  # no public way closes its wake-up pair or a half-made connection

    def retain(self, topic: str, message: Message | str) -> None:
        """Publish the latest word on ``topic`` (below the device's): now, if it is news, and at every connection."""
        payload = message.encode() if isinstance(message, str) else message.payload()
        with self._retaining:
            news = self._retained.get(topic) != payload
            self._retained[topic] = payload
            if news and self._connected.is_set():
                self._publish(topic, payload, retain=True)

    def show_active(self, message: EventMessage) -> None:
        """Follow the outbox: keep ``active/<pipeline>`` true."""
        on = self._active.setdefault(message.pipeline, {})
        if message.phase is Phase.END:
            on.pop(message.id, None)
        elif message.id in on or len(on) < MOST_ACTIVE:
            on[message.id] = message
        self.retain(f"active/{message.pipeline}", ActiveMessage(active=bool(on), events=list(on.values())))

    def _make_client(self, device: str) -> paho.Client:
        config = self._config
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"edged-{device}", clean_session=False)
        client.max_inflight_messages_set(IN_FLIGHT)
        client.reconnect_delay_set(*RECONNECT_S)
        client.will_set(f"{self._root}/state", StateMessage(state="offline").payload(), qos=1, retain=True)
        if config.username:
            client.username_pw_set(config.username, read_secret(config.password_file) if config.password_file else None)
        if config.tls.enabled:
            client.tls_set_context(tls_context(config.tls))
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish = self._on_publish
        return client

    def _send(self) -> None:
        """Hand events to paho in order, a bounded number at a time; it sends them again after a reconnection."""
        while not self._stopping.is_set():
            if not self._connected.wait(0.5) or len(self._in_flight) >= IN_FLIGHT:
                self._stopping.wait(0.001)
                continue
            if message := self._outbox.take(0.5):
                self._publish(f"event/{message.pipeline}", message.payload(), seq=message.seq)

    def _publish(self, topic: str, payload: bytes, *, seq: int = 0, retain: bool = False) -> paho.MQTTMessageInfo:
        """Send on ``topic`` below the device's; ``seq`` is acknowledged to the outbox when the broker has it."""
        sent = self._client.publish(f"{self._root}/{topic}", payload, qos=1, retain=retain)
        self._settle(sent.mid, seq)
        return sent

    def _settle(self, mid: int, seq: int | None) -> None:
        """Bring together what was sent (mid, seq) and what was acknowledged (mid, None), whichever comes first.

        paho holds a lock of its own while it calls back, so ours must never be held while paho is called.
        """
        with self._lock:
            if mid not in self._in_flight:
                self._in_flight[mid] = seq
                return
            first = self._in_flight.pop(mid)
        self._outbox.acknowledge(seq or first or 0)

    def _on_connect(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._health.set(State.DEGRADED, f"{self._where()} refuses: {reason}")
            log.warning("broker refuses", extra={"broker": self._where(), "reason": str(reason)})
            return
        log.info("connected", extra={"broker": self._where()})
        with self._retaining:
            for topic, payload in self._retained.items():
                self._publish(topic, payload, retain=True)
            self._connected.set()
        self._health.set(State.OK)

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        was = self._connected.is_set()
        self._connected.clear()
        self._gone.set()
        if was and not self._stopping.is_set():
            self._health.count("disconnected")
            self._health.set(State.DEGRADED, f"disconnected from {self._where()}: {reason}")
            log.warning("disconnected", extra={"broker": self._where(), "reason": str(reason)})

    def _on_publish(self, _client: paho.Client, _data: Any, mid: int, _reason: Any, _properties: Any) -> None:
        self._settle(mid, None)

    def _where(self) -> str:
        return f"{self._config.host}:{self._config.port}"


def tls_context(config: TlsConfig) -> ssl.SSLContext:
    """TLS 1.2 or later with the server's name checked; ConfigError where a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(config.ca_file) if config.ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if config.certificate_file:
            context.load_cert_chain(config.certificate_file, config.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"mqtt.tls: {error}; name PEM files that edged may read") from None
    return context
