"""A subscriber that notes how late each event's `start` reaches it, and how late a bare message does."""

import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

ECHO = "bench/echo"
ECHO_EVERY_S = 0.25


@dataclass(slots=True)
class Delays:
    """Seconds from the moment that a message speaks of until it was received."""

    starts_s: list[float] = field(default_factory=list)
    """Of events that began: since the end of the window that showed it."""
    bare_s: list[float] = field(default_factory=list)
    """Of messages of our own: since they were published."""


def listen(port: int, seconds: float) -> Delays:
    """Subscribe to everything that boxes say, for so long."""
    delays = Delays()

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        now_s = time.time()
        if message.topic == ECHO:
            delays.bare_s.append(now_s - float(message.payload))
            return
        event = json.loads(message.payload)
        if event["phase"] == "start":
            delays.starts_s.append(now_s - datetime.fromisoformat(event["observed_at"]).timestamp())

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench")
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.subscribe([("edged/+/event/#", 1), (ECHO, 1)])
    client.loop_start()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        client.publish(ECHO, repr(time.time()), qos=1)
        time.sleep(ECHO_EVERY_S)
    client.disconnect()
    client.loop_stop()
    return delays
