"""Mqtt: a box's voice and ear at whichever broker is there."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from functools import partial

from edged.errors import ConfigError
from edged.messages.health import State
from edged.messages.wire import Message, StateMessage
from edged.outbox import Outbox
from edged.runtime.health import Part
from edged.runtime.watchdog import Pulse
from edged.sinks.mqtt.active import Active
from edged.sinks.mqtt.arrived import Handler
from edged.sinks.mqtt.client import IN_FLIGHT, make_client
from edged.sinks.mqtt.comeback import Comeback
from edged.sinks.mqtt.config import BrokerConfig, MqttConfig, read_secret, tls_context
from edged.sinks.mqtt.connection import Connection
from edged.sinks.mqtt.events import TURN_S, Events
from edged.sinks.mqtt.inbox import Inbox
from edged.sinks.mqtt.retained import Retained, encoded
from edged.sinks.mqtt.suspect import MOST_HANG_UPS, Suspect

MOST_UNDER_WAY = 2 * IN_FLIGHT
"""With so many words under way, nothing more is said: half of them are events at most."""
STUCK_S = 180.0
"""For one try to connect, or one message: names that cannot be resolved take minutes, and each broker is tried."""
LEAVE_S = 1.0
"""For the goodbye to a broker that is left for another, twice."""
OFFLINE = StateMessage(state="offline").payload()

log = logging.getLogger(__name__)


class Mqtt:
    """One thread that connects, sends, hands out what arrives, and connects again.

    No lock of ours that a callback needs is held while paho is called: it calls back under locks of its own.
    """

    def __init__(
        self, config: MqttConfig, device: str, outbox: Outbox, health: Part, *, message_expiry_s: float | None = None
    ) -> None:
        """ConfigError where a secret or certificate cannot be read; no broker need be there.

        ``message_expiry_s``: for how long a broker may keep an event for a reader who is away; None: as it likes.
        """
        self._config, self._device, self._outbox, self._health = config, device, outbox, health
        _try_secrets(config)
        self._stopping, self._leaving = threading.Event(), threading.Event()
        self._inbox, self._retained = Inbox(health), Retained(health)
        self._comeback = Comeback(device, config.reconnect_max_s, health)
        self._events = Events(self.root, outbox, health, config.reconnect_max_s, message_expiry_s)
        outbox.when_there_is_more(self._wake)
        self._suspect = Suspect()
        self._on_connected: list[Callable[[], None]] = []
        self._connection: Connection | None = None
        self._limit_s = 0.0
        self.pulse = Pulse(STUCK_S)
        """Beats with each try to connect and each message: see the watchdog."""
        self._sender = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self.show_active = Active(self.retain)
        """Follows the outbox: keeps ``active/<pipeline>`` true."""

    @property
    def root(self) -> str:
        """What the box's topics begin with."""
        return f"{self._config.base_topic}/{self._device}"

    def start(self) -> None:
        """Connect in the background; a broker that is not there is tried again."""
        self.retain("state", StateMessage(state="online"))
        self._health.set(State.DEGRADED, f"not connected to {self._config.brokers[0]} yet")
        self._sender.start()

    def stop(self, limit_s: float) -> None:
        """Say goodbye: what waits is sent if the broker takes it in time, then ``offline``. The rest stays on disk."""
        self._limit_s = limit_s / 4
        if self._connection is not None:
            self._outbox.wait_until_empty(limit_s / 2)
        self._stopping.set()
        self._leaving.set()
        self._wake()
        self._sender.join(limit_s / 2 + TURN_S)

    def use(self, config: MqttConfig) -> None:
        """From now on connect as ``config`` has it, which has the same base topic.

        ConfigError where a secret or certificate cannot be read, and all stays as it was.
        """
        _try_secrets(config)
        self._config, self._events.pause_max_s = config, config.reconnect_max_s
        self._comeback = Comeback(self._device, config.reconnect_max_s, self._health)
        self.connect_anew()

    def connect_anew(self) -> None:
        """Say goodbye and come back, with the configuration and the subscriptions that there are now."""
        self._leaving.set()
        self._wake()

    def expire_after(self, message_expiry_s: float | None) -> None:
        """From now on a broker may keep an event for so long for a reader who is away; None: as it likes."""
        self._events.expire_after(message_expiry_s)

    def listen(self, topic_filter: str, handler: Handler) -> None:
        """Have ``handler`` called with what arrives on full topics that match, from the next connection on.

        It is called on Mqtt's own thread: it must return at once, and events wait meanwhile.
        """
        self._inbox.listen(topic_filter, handler)

    def forget(self, topic_filters: Collection[str]) -> None:
        """Nobody listens to these any longer."""
        self._inbox.forget(topic_filters)

    def on_connected(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called at each connection, after subscriptions and retained words, on Mqtt's own thread."""
        self._on_connected.append(callback)

    def retain(self, topic: str, message: Message | str) -> None:
        """Publish the latest word on ``topic`` (below the root): now, if it is news, and at every connection."""
        self.retain_at(f"{self.root}/{topic}", message)

    def retain_at(self, full_topic: str, message: Message | str | bytes) -> None:
        """The same on a topic that is not below the root; an empty word takes it away."""
        self._retained.set(full_topic, encoded(message))

    def say(self, topic: str, payload: bytes | Message) -> bool:
        """Publish on ``topic`` (below the root) now or never; False: never, as there is no broker, or no room."""
        full_topic, body, connection = f"{self.root}/{topic}", encoded(payload), self._connection
        if connection is None or len(connection.under_way) >= MOST_UNDER_WAY or not connection.fits(full_topic, body):
            self._health.count("unsaid")
            return False
        connection.publish(full_topic, body, partial(self._retained.answered, full_topic))
        return True

    def _wake(self) -> None:
        if (connection := self._connection) is not None:
            connection.wake()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._leaving.clear()
            try:
                any(self._serve(broker) for broker in self._config.brokers if not self._is_over())
            except Exception as fault:  # a bug here must not leave the box without a voice: connect anew
                log.exception("connection lost to a fault of edged's own")
                self._health.set(State.FAILING, f"a fault of edged's own: {fault!r}; please report it")
            self.pulse.rest()
            if not self._stopping.is_set():
                self._leaving.wait(self._comeback.pause_s())

    def _is_over(self) -> bool:
        return self._stopping.is_set() or self._leaving.is_set()

    def _serve(self, broker: BrokerConfig, *, older: bool = False) -> bool:
        """Use a broker until the connection is over; False where there was none."""
        self.pulse.beat()
        try:
            client = make_client(self._config, f"edged-{self._device}", (f"{self.root}/state", OFFLINE), older=older)
        except ConfigError as error:  # a file that was there at the start
            return self._not_connected(str(error))
        connection = Connection(broker, client, self._inbox)
        connected_s = None
        try:
            if not (problem := connection.open(self._config.keepalive_s)):
                connected_s = time.monotonic()
                self._use(connection, older=older)
                return True
        finally:
            connection.close(self._limit_s)
            self._over(connection, connected_s)
        if connection.older_version_needed and not older:
            return self._serve(broker, older=True)
        self._comeback.failed()
        return self._not_connected(problem)

    def _use(self, connection: Connection, *, older: bool) -> None:
        """Say what is retained and what is gone, then send events until the connection is over or we stop."""
        began_s = time.monotonic()
        self._connected(connection, older=older)
        while not (connection.gone.is_set() or self._is_over()):
            self.pulse.beat()
            self._retained.catch_up()
            idle_s = self._events.send_next(connection, one_by_one=self._suspect.there_is_one)
            connection.turn(idle_s)
            connection.give_up_if_stuck()
            self._comeback.lasting(time.monotonic() - began_s)
            self._suspect.lasting(time.monotonic() - began_s)
        self._detach()
        if not self._is_over():
            self._health.count("disconnected")
            self._not_connected(f"disconnected from {connection.broker}: {connection.why_gone}")
        elif not connection.gone.is_set():
            limit_s = self._limit_s if self._stopping.is_set() else LEAVE_S
            connection.turn_until(connection.under_way.is_empty, limit_s)
            connection.publish(f"{self.root}/state", OFFLINE, lambda *_: None, retain=True)
            connection.turn_until(connection.under_way.is_empty, limit_s)

    def _connected(self, connection: Connection, *, older: bool) -> None:
        log.info("connected", extra={"broker": str(connection.broker), "mqtt": "3.1.1" if older else "5"})
        self._outbox.reconnected()
        self._connection = connection
        connection.subscribe()  # first: who reads `online` may ask at once
        self._retained.use(connection, one_by_one=self._suspect.there_is_one)
        self._events.tell_gaps(connection)
        self._health.show("mqtt_version", 3.11 if older else 5)
        self._health.set(State.OK)
        for callback in self._on_connected:
            try:
                callback()
            except Exception:  # a bug in one of them must not cost the connection
                self._health.count("handler_faults")
                log.exception("a fault of edged's own in what is done at a connection")

    def _not_connected(self, problem: str) -> bool:
        self._health.set(State.DEGRADED, problem)
        log.warning("not connected", extra={"reason": problem})
        return False

    def _detach(self) -> None:
        self._connection = None
        self._retained.use(None)

    def _over(self, connection: Connection, connected_s: float | None) -> None:
        """Tidy up after a connection; ``connected_s``: since when there was one, if there was."""
        self._detach()
        quiet_s, unanswered = connection.under_way.quiet_s, connection.under_way.give_up()
        guilty = None
        if connected_s is not None and not self._stopping.is_set():
            guilty = self._suspect.lost(unanswered, quiet_s, connection.code_gone)
            alone = connection.hung_up and not unanswered
            self._comeback.lost(time.monotonic() - connected_s, connection.code_gone, hung_up=alone)
        self._events.put_back([sent for sent in unanswered if sent is not guilty])
        if guilty and guilty.seq:
            self._events.refuse(guilty.seq, f"the broker hung up on it {MOST_HANG_UPS} times")
        elif guilty:
            self._retained.leave_out(guilty.topic)


def _try_secrets(config: MqttConfig) -> None:
    """ConfigError where one cannot be read."""
    if config.password_file:
        read_secret(config.password_file)
    if config.tls.enabled:
        tls_context(config.tls)
