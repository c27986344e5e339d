"""A box's outbox with its sender, paho alone, and a broker: what the group `wire` compares."""

import json
import shutil
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from benchmarks.box import free_port, process
from edged.messages.event import Event, ModelUse, Phase
from edged.messages.wire import EventMessage
from edged.outbox import Outbox, OutboxConfig
from edged.outbox.log_file import LOG_PAGES, lengthen
from edged.runtime.health import Health
from edged.sinks.mqtt import Mqtt, MqttConfig

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin") or "mosquitto"
SETTINGS = "user root\nallow_anonymous true\nmax_queued_messages 0\nlog_type none\nset_tcp_nodelay true\n"

AT_ONCE = 20_000
"""Messages handed to paho before any is waited for."""


def an_event(number: int, *, update: bool = False) -> Event:
    """As the drones pipeline tells it."""
    now_s = time.time()
    return Event(
        id=f"{number:026d}",
        pipeline="drones",
        phase=Phase.UPDATE if update else Phase.START,
        label="drone",
        confidence=0.91,
        start_s=1.0,
        end_s=3.5,
        observed_s=2.5,
        epoch_s=now_s - 2.5,
        model=ModelUse("drone_sound", "ab" * 32, "cpu"),
        evidence={"f0_hz": 180.1, "windows": 3.0, "harmonics": 5.0, "distance": 0.31},
        latency_ms={"cut_windows": 0.1, "filter_harmonics": 0.2, "compute_log_mel": 0.3, "classify_sound": 0.4},
    )


@contextmanager
def broker() -> Iterator[int]:
    """A mosquitto on a loopback port."""
    with tempfile.TemporaryDirectory() as folder:
        port, config = free_port(), Path(folder) / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\n{SETTINGS}", encoding="utf-8")
        with process([MOSQUITTO, "-c", str(config)], Path(folder) / "log"):
            until_s = time.monotonic() + 10
            while time.monotonic() < until_s and not _answers(port):
                time.sleep(0.02)
            yield port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class _Noted(Outbox):
    """Says when the broker's word has come."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, OutboxConfig(drain_per_s=100_000))
        self.acknowledged = threading.Event()

    def acknowledge(self, seq: int) -> None:
        super().acknowledge(seq)
        self.acknowledged.set()


class Box:
    """An outbox on disk and, once connected, its sender."""

    def __init__(self, folder: Path) -> None:
        self.outbox = _Noted(folder / "outbox.sqlite3")
        self._last: EventMessage | None = None
        self._mqtt: Mqtt | None = None
        self.outbox.follow(self._note)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._mqtt:
            self._mqtt.stop(4.0)
        self.outbox.close()

    def connect(self, port: int) -> None:
        """Send to that broker from now on."""
        self._mqtt = Mqtt(MqttConfig(host="127.0.0.1", port=port), "bench", self.outbox, Health().part("sinks.mqtt"))
        self._mqtt.start()

    def send_and_wait(self, event: Event) -> bool:
        """From the event to the broker's word on it; RuntimeError where it does not come."""
        self.outbox.acknowledged.clear()
        self.outbox(event)
        if not self.outbox.acknowledged.wait(10.0):
            raise RuntimeError("the broker has not acknowledged an event for 10 s")
        return True

    def wait_until_empty(self, limit_s: float) -> None:
        """RuntimeError where something still waits then."""
        if not self.outbox.wait_until_empty(limit_s):
            raise RuntimeError(f"{len(self.outbox)} events still wait after {limit_s:.0f} s")

    @property
    def last_payload(self) -> bytes:
        """Of the last event."""
        return self._last.payload() if self._last else b""

    def _note(self, message: EventMessage) -> None:
        self._last = message


class Commit:
    """One row and one commit at a time in SQLite alone, as durable as the outbox (WAL, synchronous=FULL).

    Its log is as long beforehand as the outbox's: no commit of SQLite's is quicker.
    """

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        self._database.execute("CREATE TABLE bare (seq INTEGER PRIMARY KEY, body TEXT)")
        lengthen(folder / "bare.sqlite3")

    def __call__(self, payload: bytes) -> bool:
        self._database.execute("INSERT INTO bare (body) VALUES (?)", (payload.decode(),))
        return True

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class Bare:
    """paho alone: MQTT 5, QoS 1, as many messages in flight as it has by default (20)."""

    def __init__(self, port: int) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_publish = self._on_publish
        self._changed, self._published = threading.Condition(), 0
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send_and_wait(self, payload: bytes) -> bool:
        """One publication, until the broker's word on it."""
        self._client.publish("bench/bare", payload, qos=1).wait_for_publish(10.0)
        return True

    def send_all(self, payload: bytes, count: int) -> None:
        """So many, until the broker's word on the last; never more at once than paho has numbers for (65,535)."""
        for left in range(count, 0, -AT_ONCE):
            until = self._published + min(left, AT_ONCE)
            for _ in range(min(left, AT_ONCE)):
                self._client.publish("bench/bare", payload, qos=1)
            self._wait_for(until, 100.0)

    def _wait_for(self, published: int, limit_s: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._published >= published, limit_s):
                raise RuntimeError(f"the broker has not acknowledged all in {limit_s:.0f} s")

    def _on_publish(self, *_: Any) -> None:
        with self._changed:
            self._published += 1
            self._changed.notify_all()


class Reader:
    """Subscribes, and lets the broker keep what comes until it is collected: it takes no time from what is measured."""

    def __init__(self, port: int, topic: str) -> None:
        self._port, self._changed, self._seqs = port, threading.Condition(), set[int]()
        with self._connected() as client:
            subscribed = threading.Event()
            client.on_subscribe = lambda *_: subscribed.set()
            client.subscribe(topic, qos=1)
            if not subscribed.wait(10.0):
                raise RuntimeError("the broker has not answered for 10 s")

    def collect(self, count: int, limit_s: float) -> int:
        """How many different ``seq`` have come; waits for so many."""
        with self._connected(), self._changed:
            self._changed.wait_for(lambda: len(self._seqs) >= count, limit_s)
            return len(self._seqs)

    @contextmanager
    def _connected(self) -> Iterator[paho.Client]:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="reader", clean_session=False)
        client.on_message = self._on_message
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        yield client
        client.disconnect()
        client.loop_stop()

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        with self._changed:
            self._seqs.add(json.loads(message.payload)["seq"])
            self._changed.notify_all()
