"""A flood of hostile requests at a box that runs: what it does to the box's memory, and to events on their way."""

import json
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import paho.mqtt.client as paho
import soundfile
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.box import EDGED, process, resident_mb, wait_until_ready
from benchmarks.sounds import RATE_HZ, drone
from benchmarks.wire_box import broker

PIPELINES = 4
ROOT = "edged/bench"
COMMANDS = ("ping", "health", "restart", "set", "models", "people", "clip", "feedback", "diagnose", "sudo", "ä/b", "")
BIG_BYTES = 10**6
AFTER = "after-the-flood"
ASK_EVERY_S, ANSWER_LIMIT_S = 2.1, 30.0
"""Pings are let in every 2 s; those of the flood have used up what was let in at once."""


@dataclass(frozen=True, slots=True)
class Flooded:
    """What was seen."""

    calm_ms: list[float]
    """From what an event speaks of to its reader; without the flood."""
    flooded_ms: list[float]
    """With it."""
    grown_mb: float
    """Memory of the box on top, at most."""


@lru_cache(maxsize=1)
def flooded(count: int, seconds: float) -> Flooded:
    """A box that hears drones, for so long in peace and for so long with so many hostile messages.

    RuntimeError where it does not answer a ping after that.
    """
    with TemporaryDirectory() as folder, broker() as port, _box(Path(folder), port) as pid, _Ear(port) as ear:
        ear.wait_for_events(PIPELINES, 30.0)
        ear.delays_ms.clear()
        time.sleep(seconds)
        calm_ms, before_mb = ear.taken(), resident_mb(pid)
        flood = multiprocessing.get_context("spawn").Process(target=send_flood, args=(port, count, seconds))
        flood.start()
        most_mb = before_mb
        while flood.is_alive():
            flood.join(0.1)
            most_mb = max(most_mb, resident_mb(pid))
        flooded_ms = ear.taken()
        if flood.exitcode:
            raise RuntimeError("the flood could not be sent")
        ear.ping()
        return Flooded(calm_ms, flooded_ms, max(most_mb, resident_mb(pid)) - before_mb)


def hostile(rng: random.Random) -> tuple[str, bytes]:
    """A topic below the root and a payload that no honest asker would send."""
    good = json.dumps({"transaction": str(rng.random()), "at": "2026-11-21T07:38:05.123Z", "nonce": "a"}).encode()
    garbled = bytearray(good)
    garbled[rng.randrange(len(good))] = rng.randrange(256)
    payload = rng.choice(
        (
            bytes(garbled),
            good[: rng.randrange(len(good))],
            json.dumps({"transaction": [rng.random()], "pipeline": {"a": None}, "threshold": "high"}).encode(),
            json.dumps(rng.choice((None, True, -1e308, "x" * 20_000, [[]] * 5000))).encode(),
            b"[" * 10_000,
            b'{"transaction":' + b"9" * 10_000 + b"}",
            rng.randbytes(200),
            b"",
        )
    )
    if rng.random() < 0.01:
        payload = rng.choice((b"[", b" ", b"\xff", b'{"transaction":"')) * BIG_BYTES
    return f"request/{rng.choice(COMMANDS)}", payload[:BIG_BYTES]


def send_flood(port: int, count: int, seconds: float) -> None:
    """Evenly, some retained, with QoS 1; returns when the broker has all."""
    rng, began_s = random.Random(1), time.monotonic()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="foe")
    client.connect("127.0.0.1", port)
    client.loop_start()
    for number in range(count):
        time.sleep(max(0.0, began_s + number * seconds / count - time.monotonic()))
        topic, payload = hostile(rng)
        sent = client.publish(f"{ROOT}/{topic}", payload, qos=1, retain=rng.random() < 0.01)
        if number % 20 == 19 or number == count - 1:
            sent.wait_for_publish(60.0)
    client.disconnect()
    client.loop_stop()


@contextmanager
def _box(folder: Path, port: int) -> Iterator[int]:
    """A box with every default but one: it tells every window of a drone that it hears. Its pid."""
    names = [f"drones{number}" for number in range(PIPELINES)]
    for number, name in enumerate(names):
        soundfile.write(str(folder / f"{name}.flac"), drone(number), RATE_HZ, "PCM_16")
    settings = {
        "device": "bench",
        "sources": {name: {"type": "recording", "path": str(folder / f"{name}.flac"), "loop": True} for name in names},
        "pipelines": {name: {"kind": "drones", "source": name, "smoothing": {"update_s": 0.1}} for name in names},
        "mqtt": {"host": "127.0.0.1", "port": port},
        "outbox": {"batch_s": 0.01},
    }
    config, log = folder / "edged.yaml", folder / "log"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    with process(("env", f"STATE_DIRECTORY={folder}", *EDGED, "run", "-c", str(config)), log) as started:
        wait_until_ready(started, log)
        yield started.pid


class _Ear:
    """Hears events and answers."""

    def __init__(self, port: int) -> None:
        self.delays_ms: list[float] = []
        self._answered = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="ear")
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(f"{ROOT}/event/#", 1), (f"{ROOT}/response/ping", 1)])

    def __enter__(self) -> Self:
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def taken(self) -> list[float]:
        """What was noted since the last time."""
        taken, self.delays_ms = self.delays_ms, []
        return taken

    def wait_for_events(self, count: int, limit_s: float) -> None:
        """RuntimeError where there are not so many in time."""
        _wait(lambda: len(self.delays_ms) >= count, limit_s, "the box tells of no event")

    def ping(self) -> None:
        """RuntimeError where the box does not answer."""
        asked_s = [0.0]

        def answered() -> bool:
            if time.monotonic() - asked_s[0] > ASK_EVERY_S:
                asked_s[0] = time.monotonic()
                self._client.publish(f"{ROOT}/request/ping", json.dumps({"transaction": AFTER}), qos=1)
            return self._answered.is_set()

        _wait(answered, ANSWER_LIMIT_S, "the box answers no ping any more")

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        now_s, told = time.time(), json.loads(message.payload)
        if "observed_at" in told:
            self.delays_ms.append((now_s - datetime.fromisoformat(told["observed_at"]).timestamp()) * 1e3)
        elif told["status"] == "ok" and told["transaction"] == AFTER:
            self._answered.set()


def _wait(until: Callable[[], bool], limit_s: float, otherwise: str) -> None:
    end_s = time.monotonic() + limit_s
    while not until():
        if time.monotonic() > end_s:
            raise RuntimeError(f"{otherwise} (waited for {limit_s:.0f} s)")
        time.sleep(0.02)
