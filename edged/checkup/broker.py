"""Check of the broker: one visit under a name of its own, so that a running box is not pushed out.

What is said there changes nothing: two messages that are not retained, on topics that nobody acts on.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any

from edged.checkup.box import Box, from_error
from edged.errors import EdgedError
from edged.messages.requests import ResponseMessage
from edged.runtime.finding import Finding, Level
from edged.runtime.health import Health
from edged.settings import Settings
from edged.sinks.mqtt.arrived import Arrived
from edged.sinks.mqtt.client import make_client
from edged.sinks.mqtt.config import BrokerConfig, MqttConfig
from edged.sinks.mqtt.connection import Connection
from edged.sinks.mqtt.inbox import Inbox

ANSWER_S = 5.0
"""For the broker's word on what we say and ask."""
ECHO_S = 2.0
"""For our own message to come back, and for what is retained."""
ACL = "see to the user's rights: config/mosquitto/acl.boxes shows what a box needs"


def check(box: Box) -> Iterator[Finding]:
    """The first broker that can be had is visited; the others are only tried."""
    mqtt = box.settings.mqtt
    if not mqtt.enabled:
        yield Finding(Level.OK, "broker", "none is used: mqtt.enabled is false")
        return
    visited = False
    for broker in mqtt.brokers:
        try:
            visit = Visit(mqtt, broker, f"{mqtt.base_topic}/{box.settings.device_name}")
            problem = visit.open()
        except EdgedError as error:  # a secret or a certificate
            yield from_error("broker", error)
            return
        try:
            if problem:
                yield Finding(Level.FAULT, str(broker), problem.removeprefix(f"{broker} "), _remedy(problem))
            elif visited:
                yield Finding(Level.OK, str(broker), "lets us in")
            else:
                visited = True
                yield from _findings(visit, box.settings)
        finally:
            visit.close()


class Visit:
    """A connection that listens below the box's root."""

    def __init__(self, config: MqttConfig, broker: BrokerConfig, root: str) -> None:
        self.broker, self.root = broker, root
        self.retained: dict[str, bytes] = {}
        self.older = False
        """Whether the broker speaks MQTT 3.1.1 alone, which has no word for a refusal."""
        self._config, self._token = config, secrets.token_hex(6)
        self._inbox = Inbox(Health().part("doctor"))
        self._inbox.listen(f"{root}/#", self._take)
        self._inbox.listen(f"{root}/request/+", lambda _: None)
        self._echoed = self._subscribed = False
        self.refused: list[str] = []
        """Filters to which the broker did not let us subscribe."""
        self._connection: Connection | None = None

    def open(self) -> str:
        """Connect and subscribe; returns why that cannot be, or nothing."""
        for older in (False, True):
            client = make_client(self._config, f"edged-doctor-{self._token}", None, older=older)
            self._connection = connection = Connection(self.broker, client, self._inbox)
            client.on_subscribe = self._on_subscribe
            problem = connection.open(self._config.keepalive_s)
            self.older = older
            if not problem:
                connection.subscribe()
                connection.turn_until(lambda: self._subscribed, ANSWER_S)
                return ""
            if not connection.older_version_needed:
                return problem
            connection.close()
        return problem

    def say(self, topic: str, payload: bytes) -> str:
        """Publish below the root; returns why the broker does not take it, or nothing."""
        said: list[str] = []
        connection = self._connection
        if connection is None or connection.gone.is_set():
            return "the connection is over"
        connection.publish(f"{self.root}/{topic}", payload, lambda _code, words: said.append(words))
        if connection.turn_until(lambda: bool(said), ANSWER_S):
            return said[0]
        if connection.gone.is_set():
            return f"the broker hung up: {connection.why_gone}"
        return f"no answer within {ANSWER_S:g} s"

    def round_trip_s(self) -> tuple[float | None, str]:
        """How long our own message took to come back, None: it did not; and why the broker did not take it."""
        began_s = time.monotonic()
        refusal = self.say("doctor", self._token.encode())
        if refusal or self._connection is None or not self._connection.turn_until(lambda: self._echoed, ECHO_S):
            return None, refusal
        return time.monotonic() - began_s, ""

    def close(self) -> None:
        """Say goodbye."""
        if self._connection is not None:
            self._connection.close(1.0)

    def _take(self, arrived: Arrived) -> None:
        if arrived.retained:
            self.retained[arrived.topic.removeprefix(f"{self.root}/")] = arrived.payload[:200]
        elif arrived.topic == f"{self.root}/doctor" and arrived.payload == self._token.encode():
            self._echoed = True

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, reasons: Sequence[Any], _properties: Any) -> None:
        self.refused = [one for one, why in zip(self._inbox.filters, reasons, strict=False) if why.is_failure]
        self._subscribed = True


def _findings(visit: Visit, settings: Settings) -> Iterator[Finding]:
    about = str(visit.broker)
    yield Finding(Level.OK, about, f"lets us in, speaks MQTT {'3.1.1' if visit.older else '5'}")
    took_s, refusal = visit.round_trip_s()
    answer = ResponseMessage(transaction=None, status="ok", data={}, error=None).payload()
    if denied := visit.say("response/doctor", answer):
        found = f"does not take what the box publishes below {visit.root}: {denied}"
        yield Finding(Level.FAULT, about, found, ACL)
    elif visit.older:
        yield Finding(Level.OK, about, "takes what we publish; MQTT 3.1.1 would not say if it threw it away")
    else:
        yield Finding(Level.OK, about, f"takes what the box publishes below {visit.root}")
    yield _round_trip(about, took_s, refusal)
    if any("/request/" in one for one in visit.refused) and settings.commands.allowed:
        yield Finding(Level.WARNING, about, "does not let the box hear commands", ACL)
    yield _retained(about, visit)


def _round_trip(about: str, took_s: float | None, refusal: str) -> Finding:
    if took_s is not None:
        return Finding(Level.OK, about, f"our own message came back after {took_s * 1e3:.0f} ms")
    why = refusal or "it may not read its own topics"
    return Finding(Level.OK, about, f"our own message did not come back ({why}): a box needs neither right")


def _retained(about: str, visit: Visit) -> Finding:
    if not visit.retained:
        return Finding(Level.OK, about, "shows nothing retained: the box never ran here, or we may not read it")
    state = b"online" if b'"online"' in visit.retained.get("state", b"") else b"offline"
    return Finding(Level.OK, about, f"keeps {len(visit.retained)} words of the box, which it says is {state.decode()}")


def _remedy(problem: str) -> str:
    if "refuses" in problem:
        return "see to mqtt.username, mqtt.password_file and the broker's users"
    if "certificate" in problem:
        return "see to mqtt.tls.ca_file: it must hold the authority that signed the broker's certificate"
    return "is the broker running, and is mqtt.host right? `edged doctor --network`"
