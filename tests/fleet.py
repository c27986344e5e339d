"""The broker of ``config/mosquitto``, as it is shipped and as its README says, on loopback ports; and clients of it."""

import os
import re
import signal
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.broker import MOSQUITTO, free_port, wait_until

SHIPPED = Path(__file__).parents[1] / "config" / "mosquitto"
NOT_AUTHORIZED = 0x87


def block(heading: str, language: str = "sh") -> str:
    """The first block of code under a heading of the README."""
    section = (SHIPPED / "README.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)[1]


class Fleet:
    """A broker with its authority, boxes and people; all that is secret lies in ``folder``."""

    def __init__(self, folder: Path, boxes: tuple[str, ...], settings: str = "") -> None:
        """``settings``: a line of the configuration that is only a comment as shipped."""
        self.folder, self.boxes_port, self.people_port = folder, free_port(), free_port()
        self.do("The authority")
        self.do("The broker's certificate", "broker.example.org", "localhost")
        for box in boxes:
            self.do("A box", "barn", box)
        self.do("People")
        self.do("People", "operator homeassistant", "janitor")
        for name in ("acl.boxes", "acl.people"):
            (folder / name).write_text((SHIPPED / name).read_text())
        (folder / "data").mkdir()
        self.config = folder / "mosquitto.conf"
        self.config.write_text("user root\n" + self._local((SHIPPED / "mosquitto.conf").read_text(), settings))
        self._process: subprocess.Popen[bytes] | None = None

    def _local(self, text: str, settings: str) -> str:
        replaced = {
            "listener 8883": f"listener {self.boxes_port} 127.0.0.1",
            "listener 8884": f"listener {self.people_port} 127.0.0.1",
            "/var/lib/mosquitto/": f"{self.folder}/data/",
            "/etc/mosquitto/edged/": f"{self.folder}/",
        } | ({f"#{settings}": settings} if settings else {})
        for old, new in replaced.items():
            assert old in text, old
            text = text.replace(old, new)
        return text

    def do(self, heading: str, old: str = "", new: str = "") -> None:
        """What the README says under a heading, with another name where ``old`` stands."""
        commands = block(heading)
        assert old in commands
        path = f"{os.environ['PATH']}:/usr/sbin"
        subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands.replace(old, new) if old else commands],
            cwd=self.folder,
            env={**os.environ, "PATH": path},
            check=True,
            capture_output=True,
        )

    def password(self, user: str) -> str:
        return (self.folder / f"{user}.password").read_text().strip()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([MOSQUITTO, "-c", self.config], stderr=log, stdout=log)
        wait_until(lambda: all(map(_listens, (self.boxes_port, self.people_port))), 10)

    def reload(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Client:
    """An MQTT 5 client of a fleet's broker, over TLS; ``box``: on the boxes' listener."""

    def __init__(self, fleet: Fleet, user: str, *, box: bool, **options) -> None:
        """``options``: password, client_id, will (a topic), certificate (a name), session_s."""
        self.messages: list[tuple[str, bytes]] = []
        self.refusal, self.gone = None, threading.Event()
        self._answers: dict[int, int] = {}
        self._welcome = threading.Event()
        name = options.get("client_id", f"client-of-{user}")
        self._client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        self._client._reconnect_on_failure = False
        if user:
            self._client.username_pw_set(user, options.get("password") or fleet.password(user))
        if will := options.get("will"):
            self._client.will_set(will, b"gone", qos=1, retain=True)
        self._client.tls_set_context(_tls(fleet, options.get("certificate")))
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = lambda *_: self.gone.set()
        self._client.on_message = lambda _client, _data, it: self.messages.append((it.topic, it.payload))
        self._client.on_publish = self._answered
        self._client.on_subscribe = lambda _client, _data, mid, reasons, _p: self._answered(0, 0, mid, reasons[0], 0)
        self._connect(fleet.boxes_port if box else fleet.people_port, options.get("session_s", 0))

    def _connect(self, port: int, session_s: int) -> None:
        properties = paho.Properties(paho.PacketTypes.CONNECT)
        properties.SessionExpiryInterval = session_s
        try:
            self._client.connect("localhost", port, clean_start=not session_s, properties=properties)
        except (ssl.SSLError, OSError) as error:
            self.refusal = str(error)
            return
        self._client.loop_start()
        wait_until(lambda: self._welcome.is_set() or self.gone.is_set(), 10)
        if not self._welcome.is_set():
            self.refusal = "hung up"

    def _on_connect(self, _client, _data, _flags, reason, _properties) -> None:
        self.refusal = str(reason) if reason.is_failure else None
        self._welcome.set()

    def _answered(self, _client, _data, mid, reason, _properties) -> None:
        self._answers[mid] = reason.value

    def say(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> int:
        """Publish; the broker's reason code."""
        mid = self._client.publish(topic, payload, qos=1, retain=retain).mid
        wait_until(lambda: mid in self._answers, 10)
        return self._answers.pop(mid)

    def listen(self, topic: str) -> int:
        """Subscribe; the broker's reason code."""
        _, mid = self._client.subscribe(topic, qos=1)
        wait_until(lambda: mid in self._answers, 10)
        return self._answers.pop(mid)

    def heard(self, topic: str) -> list[bytes]:
        return [payload for on, payload in list(self.messages) if on == topic]

    def vanish(self) -> None:
        """Go without a word."""
        self._client.socket().shutdown(socket.SHUT_RDWR)
        self.gone.wait(5)

    def close(self) -> None:
        if not self.gone.is_set() and self._client.disconnect() == 0:
            self.gone.wait(5)
        self._client.loop_stop()
        self._client._reset_sockets()


def _tls(fleet: Fleet, certificate: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=fleet.folder / "ca.crt")
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 has it
    if certificate:
        context.load_cert_chain(fleet.folder / f"{certificate}.crt", fleet.folder / f"{certificate}.key")
    return context
