"""Mqtt: takes events from the outbox and publishes them; keeps retained topics true on whichever broker is there."""

import logging
import secrets
import threading
import time
from functools import partial

from edged.errors import ConfigError
from edged.messages.event import Phase
from edged.messages.health import State
from edged.messages.wire import ActiveMessage, EventMessage, GapMessage, Message, StateMessage
from edged.outbox import Outbox
from edged.runtime.health import Part
from edged.sinks.mqtt.answers import Verdict, jitter_s, verdict
from edged.sinks.mqtt.config import BrokerConfig, MqttConfig, read_secret, tls_context
from edged.sinks.mqtt.connection import IN_FLIGHT, Connection, make_client

MOST_ACTIVE = 20
"""Events of one pipeline that ``active/<pipeline>`` shows at most; more at once stand in ``event/…`` alone."""
STEADY_S = 5.0
"""A connection that lasted so long was a good one: the next pause is a short one again."""
HANG_UP_S = 2.0
MOST_HANG_UPS = 5
"""A message on which a broker hangs up so often in a row, each time within ``HANG_UP_S``, is refused for good."""
TAKE_S = 0.5
OFFLINE = StateMessage(state="offline").payload()

_uniform = secrets.SystemRandom().uniform
log = logging.getLogger(__name__)


class Mqtt:
    """One thread that connects, sends and connects again; an event leaves the outbox when the broker has it.

    No lock of ours that a callback needs is held while paho is called: it calls back under locks of its own.
    """

    def __init__(self, config: MqttConfig, device: str, outbox: Outbox, health: Part) -> None:
        """ConfigError where a secret or certificate cannot be read; no broker need be there."""
        self._config, self._device, self._outbox, self._health = config, device, outbox, health
        self._root = f"{config.base_topic}/{device}"
        if config.password_file:
            read_secret(config.password_file)
        if config.tls.enabled:
            tls_context(config.tls)
        self._retained: dict[str, bytes] = {}
        self._active: dict[str, dict[str, EventMessage]] = {}
        self._retaining = threading.Lock()  # the latest word on a topic is also the last one sent; in no callback
        self._connection: Connection | None = None
        self._tries: dict[int, int] = {}
        self._pause_due, self._busy = False, 0  # the broker cannot take a message now; for how many pauses already
        self._suspect = (0, 0)  # the message on which the broker hung up, and how often
        self._sent_s = 0.0
        self._stopping = threading.Event()
        self._limit_s = 0.0
        self._sender = threading.Thread(target=self._run, name="mqtt", daemon=True)

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
        self._sender.join(limit_s / 2 + TAKE_S)

    def retain(self, topic: str, message: Message | str) -> None:
        """Publish the latest word on ``topic`` (below the device's): now, if it is news, and at every connection."""
        payload = message.encode() if isinstance(message, str) else message.payload()
        with self._retaining:
            news = self._retained.get(topic) != payload
            self._retained[topic] = payload
            if news and self._connection:
                self._connection.publish(topic, payload, partial(self._retention_answered, topic), retain=True)

    def show_active(self, message: EventMessage) -> None:
        """Follow the outbox: keep ``active/<pipeline>`` true."""
        on = self._active.setdefault(message.pipeline, {})
        if message.phase is Phase.END:
            on.pop(message.id, None)
        elif message.id in on or len(on) < MOST_ACTIVE:
            on[message.id] = message
        self.retain(f"active/{message.pipeline}", ActiveMessage(active=bool(on), events=list(on.values())))

    def _run(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            began_s = time.monotonic()
            try:
                any(self._serve(broker) for broker in self._config.brokers if not self._stopping.is_set())
            except Exception as fault:  # a bug here must not leave the box without a voice: connect anew
                log.exception("connection lost to a fault of edged's own")
                self._health.set(State.FAILING, f"a fault of edged's own: {fault!r}; please report it")
            tries = 1 if time.monotonic() - began_s > STEADY_S else tries + 1
            self._stopping.wait(jitter_s(tries, self._config.reconnect_max_s, _uniform))

    def _serve(self, broker: BrokerConfig, *, older: bool = False) -> bool:
        """Use a broker until the connection is over; False where there was none."""
        try:
            client = make_client(self._config, f"edged-{self._device}", (f"{self._root}/state", OFFLINE), older=older)
        except ConfigError as error:  # a file that was there at the start
            return self._not_connected(str(error))
        connection = Connection(broker, client, self._root)
        try:
            if not (problem := connection.open(self._config.keepalive_s)):
                self._use(connection, older=older)
                return True
        finally:
            connection.close(self._limit_s)
            self._put_back(connection.under_way.give_up())
        if connection.older_version_needed and not older:
            return self._serve(broker, older=True)
        return self._not_connected(problem)

    def _use(self, connection: Connection, *, older: bool) -> None:
        """Say what is retained and what is gone, then send events until the connection is over or we stop."""
        self._connected(connection, older=older)
        if gaps := self._outbox.gaps():
            connection.publish("gap", gaps.payload(), partial(self._gaps_answered, gaps))
        while not (connection.gone.is_set() or self._stopping.is_set()):
            room = 1 if self._busy else IN_FLIGHT  # one at a time keeps the order where one after the other is refused
            if not connection.under_way.wait_for_fewer(room, TAKE_S) or not self._may_go_on(connection):
                continue
            if (message := self._outbox.take(TAKE_S)) and self._pause_due:
                self._outbox.put_back(message.seq)
            elif message:
                self._send(connection, message)
        with self._retaining:
            self._connection = None
        if not self._stopping.is_set():
            self._health.count("disconnected")
            self._not_connected(f"disconnected from {connection.broker}: {connection.why_gone}")
        elif not connection.gone.is_set():
            connection.under_way.wait_for_fewer(1, self._limit_s)
            connection.publish("state", OFFLINE, lambda *_: None, retain=True)
            connection.under_way.wait_for_fewer(1, self._limit_s)

    def _connected(self, connection: Connection, *, older: bool) -> None:
        log.info("connected", extra={"broker": str(connection.broker), "mqtt": "3.1.1" if older else "5"})
        self._outbox.reconnected()
        with self._retaining:
            for topic, payload in self._retained.items():
                connection.publish(topic, payload, partial(self._retention_answered, topic), retain=True)
            self._connection = connection
        self._health.show("mqtt_version", 3.11 if older else 5)
        self._health.set(State.OK)

    def _not_connected(self, problem: str) -> bool:
        self._health.set(State.DEGRADED, problem)
        log.warning("not connected", extra={"reason": problem})
        return False

    def _may_go_on(self, connection: Connection) -> bool:
        """False after a pause, as the broker could not take a message: first comes the rest of what is under way."""
        if not self._pause_due:
            return True
        if connection.under_way.wait_for_fewer(1, TAKE_S):
            self._pause_due, self._busy = False, self._busy + 1
            until_s = time.monotonic() + jitter_s(self._busy, self._config.reconnect_max_s, _uniform)
            while time.monotonic() < until_s and not connection.gone.is_set() and not self._stopping.is_set():
                self._stopping.wait(min(TAKE_S, max(0.0, until_s - time.monotonic())))
        return False

    def _send(self, connection: Connection, message: EventMessage) -> None:
        topic, payload = f"event/{message.pipeline}", message.payload()
        if not connection.fits(topic, payload):
            self._refuse(message.seq, f"{len(payload)} bytes are more than {connection.broker} takes")
            return
        self._sent_s = time.monotonic()
        connection.publish(topic, payload, partial(self._event_answered, message.seq), seq=message.seq)

    def _event_answered(self, seq: int, code: int, words: str) -> None:
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

    def _retention_answered(self, topic: str, code: int, words: str) -> None:
        if code:
            self._health.count("refused")
            log.warning("broker refuses a topic", extra={"topic": topic, "reason": words})

    def _gaps_answered(self, gaps: GapMessage, code: int, _words: str) -> None:
        if not code:
            self._outbox.forget_gaps(gaps)

    def _refuse(self, seq: int, reason: str) -> None:
        self._health.count("refused")
        log.warning("broker refuses a message for good", extra={"seq": seq, "reason": reason})
        self._outbox.refuse(seq, reason)

    def _put_back(self, seqs: list[int]) -> None:
        """Have what was under way sent again; but not for ever what makes the broker hang up."""
        if seqs and not self._stopping.is_set() and time.monotonic() - self._sent_s < HANG_UP_S:
            first, times = self._suspect
            self._suspect = (seqs[0], times + 1 if first == seqs[0] else 1)
            if self._suspect[1] == MOST_HANG_UPS:
                self._refuse(seqs.pop(0), f"the broker hung up on it {MOST_HANG_UPS} times")
        for seq in seqs:
            self._outbox.put_back(seq)
