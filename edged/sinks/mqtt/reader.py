"""Reader: hears topics on a broker, and connects again by itself; its name is its own, so that it pushes no box out."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from edged.errors import EdgedError
from edged.runtime.health import Health
from edged.sinks.mqtt.answers import jitter_s
from edged.sinks.mqtt.arrived import Arrived
from edged.sinks.mqtt.client import Client, make_client
from edged.sinks.mqtt.config import BrokerConfig, MqttConfig
from edged.sinks.mqtt.connection import CONNECT_LIMIT_S, Connection
from edged.sinks.mqtt.inbox import Inbox

MOST_WAITING = 2000
"""Messages, and ..."""
MOST_WAITING_BYTES = 16 * 2**20
"""... their bytes, that wait to be taken; then the oldest go, counted."""
CLOSE_S = 1.0
"""For the goodbye."""
LOOK_S = 0.1
"""So soon is noticed that we are told to stop."""

_uniform = secrets.SystemRandom().uniform


class Heard(NamedTuple):
    """One message."""

    topic: str
    payload: bytes
    retained: bool
    at_s: float
    """When it came; Unix time."""


class Link(NamedTuple):
    """How the connection is."""

    broker: str
    """Host and port of the one that is used, or was last."""
    connected: bool
    since_s: float
    """Unix time."""
    problem: str
    """Why it is not connected."""
    dropped: int
    """Messages that were not taken in time, or were too long."""


class Reader:
    """One thread of its own, from the first connection on. Thread-safe."""

    def __init__(self, config: MqttConfig, filters: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        """``filters``: of topics, in full."""
        self._config, self._clock = config, clock
        self._waiting = _Waiting()
        self._health = Health().part("reader")
        self._inbox = Inbox(self._health)
        for topic_filter in filters:
            self._inbox.listen(topic_filter, self._heard)
        self._link = Link(str(config.brokers[0]), False, clock(), "", 0)
        self._connection: Connection | None = None
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep_connected, name="reader", daemon=True)

    @property
    def link(self) -> Link:
        """How the connection is now."""
        too_long = int(self._health.snapshot().counters.get("oversized", 0))
        return self._link._replace(dropped=self._waiting.dropped + too_long)

    def open(self) -> None:
        """Connect and subscribe; EdgedError where no broker can be had or none lets us read."""
        if problem := self._connect():
            raise EdgedError(problem)
        self._keeper.start()

    def take(self, limit_s: float) -> Heard | None:
        """The oldest that waits; None where none comes in time."""
        return self._waiting.take(limit_s)

    def close(self) -> None:
        """Say goodbye."""
        self._stopping.set()
        if self._keeper.is_alive():  # only one thread may close the connection
            self._keeper.join(CLOSE_S + LOOK_S)
        elif self._connection is not None:
            self._connection.close(CLOSE_S)

    def _keep_connected(self) -> None:
        while self._connection is not None and not self._stopping.is_set():
            self._connection.turn(LOOK_S)
            if self._connection.gone.is_set():
                self._connection.close()
                why, self._connection = self._connection.why_gone or "hung up", None
                self._link = self._link._replace(connected=False, since_s=self._clock(), problem=why)
                self._reconnect()
        if self._connection is not None:
            self._connection.close(CLOSE_S)

    def _reconnect(self) -> None:
        """Until it is done, or until we are told to stop."""
        tries = 1
        while not self._stopping.wait(jitter_s(tries, self._config.reconnect_max_s, _uniform)):
            try:
                problem = self._connect()
            except EdgedError as error:  # a file that was there at the start
                problem = str(error)
            if not problem:
                return
            self._link = self._link._replace(problem=problem)
            tries += 1

    def _connect(self) -> str:
        """The first broker that can be had; returns why there is none, or nothing."""
        problems = []
        for broker in self._config.brokers:
            if not (problem := self._try(broker)):
                self._link = Link(str(broker), True, self._clock(), "", 0)
                return ""
            problems.append(problem)
        return "; ".join(problems)

    def _try(self, broker: BrokerConfig, *, older: bool = False) -> str:
        client = make_client(self._config, f"edged-watch-{secrets.token_hex(6)}", None, older=older)
        connection = Connection(broker, client, self._inbox)
        answer = _Answer(client)
        if not (problem := connection.open(self._config.keepalive_s)):
            connection.subscribe()
            problem = answer.problem(connection, self._inbox.filters)
        if not problem:
            self._connection = connection
            return ""
        connection.close()
        return self._try(broker, older=True) if connection.older_version_needed and not older else problem

    def _heard(self, arrived: Arrived) -> None:
        self._waiting.put(Heard(*arrived, self._clock()))


class _Answer:
    """The broker's word on what we want to read."""

    def __init__(self, client: Client) -> None:
        self._reasons: Sequence[Any] = ()
        client.on_subscribe = self._on_subscribe

    def problem(self, connection: Connection, filters: Sequence[str]) -> str:
        """Why nothing may be read, or nothing. A part of it that may not be read is simply not there."""
        if not connection.turn_until(lambda: bool(self._reasons), CONNECT_LIMIT_S):
            return f"{connection.broker} does not answer"
        if all(reason.is_failure for reason in self._reasons):
            return f"{connection.broker} does not let us read {', '.join(filters)}: {self._reasons[0]}"
        return ""

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, reasons: Sequence[Any], _properties: Any) -> None:
        self._reasons = reasons


class _Waiting:
    """Between the thread that reads and whoever takes."""

    def __init__(self) -> None:
        self.dropped = 0
        self._messages: deque[Heard] = deque()
        self._bytes = 0
        self._changed = threading.Condition()

    def put(self, heard: Heard) -> None:
        """Never waits."""
        with self._changed:
            self._messages.append(heard)
            self._bytes += len(heard.payload)
            while len(self._messages) > MOST_WAITING or self._bytes > MOST_WAITING_BYTES:
                self._bytes -= len(self._messages.popleft().payload)
                self.dropped += 1
            self._changed.notify()

    def take(self, limit_s: float) -> Heard | None:
        """The oldest; None where none comes in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._messages, limit_s):
                return None
            heard = self._messages.popleft()
            self._bytes -= len(heard.payload)
            return heard
