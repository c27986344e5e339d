"""A real mosquitto on a free loopback port, stopped by its process id; and a client that notes everything."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


JPEG = b"\xff\xd8"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """mosquitto with its data in ``folder``."""

    def __init__(self, folder: Path, settings: str = "allow_anonymous true\n", port: int | None = None) -> None:
        self.port = port or free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nuser root\nmax_queued_messages 100000\n{settings}")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO, "mosquitto is not installed; scripts/setup installs it"
        self._process = subprocess.Popen([MOSQUITTO, "-c", self._config], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("mosquitto did not start")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    def signal(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)


def wait_until(condition: Any, timeout_s: float = 20.0) -> None:
    """Until ``condition()`` holds."""
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)


class Received(NamedTuple):
    topic: str
    payload: Any
    retained: bool
    at_s: float


class Listener:
    """Subscribes to everything and keeps what comes, in order."""

    def __init__(self, port: int, topic: str = "#", **user: str) -> None:
        self.messages: list[Received] = []
        self._changed = threading.Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        if user:
            self._client.username_pw_set(**user)
        self._client.on_message = self._on_message
        self._subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        payload: Any = message.payload
        if not payload.startswith(JPEG):
            try:
                payload = json.loads(payload)
            except ValueError:
                payload = payload.decode()
        with self._changed:
            self.messages.append(Received(message.topic, payload, message.retain, time.time()))
            self._changed.notify_all()

    def on(self, ending: str) -> list[Any]:
        """The payloads of the topics that end so."""
        return [message.payload for message in self.messages if message.topic.endswith(ending)]

    def wait_for(self, condition: Any, timeout_s: float = 20.0) -> None:
        """Until ``condition(self)`` holds."""
        with self._changed:
            held = self._changed.wait_for(lambda: condition(self), timeout_s)
        assert held, [message.topic for message in self.messages]

    def publish(self, topic: str, payload: Any, *, retain: bool = False) -> None:
        """Say something: JSON, or bytes as they are."""
        content = payload if isinstance(payload, bytes) else json.dumps(payload)
        self._client.publish(topic, content, qos=1, retain=retain)

    def close(self) -> None:
        gone = threading.Event()
        self._client.on_disconnect = lambda *_: gone.set()
        if self._client.disconnect() == 0:
            gone.wait(5)  # the loop would end with its socket open
        self._client.loop_stop()
        self._client._reset_sockets()  # or its wake-up pair lives until it is collected
