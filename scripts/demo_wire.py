"""What the demo prints: every MQTT message with what it means."""

import json
import threading
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from rich.console import Console
from rich.markup import escape

from edged.messages.wire import StateMessage

CONSOLE = Console(highlight=False, soft_wrap=True)
MEANINGS = {
    "state": "the box says it is there; the broker itself would say offline if it vanished",
    "info": "what this box is: version, models by hash, sources",
    "health": "how well each part is, every 30 s and at each change",
    "availability": "whether this source hears or sees",
    "active": "what is going on right now, for whoever subscribes late",
    "event": "one phase of an event",
}
LISTEN_S = 30.0
OFFLINE = StateMessage(state="offline").payload()


class Wire:
    """All that goes over the broker: printed as it comes, and the events noted."""

    def __init__(self, port: int) -> None:
        """Returns when the broker has said that we shall have everything."""
        self.events: list[dict[str, Any]] = []
        self.over = threading.Event()
        """The box has said goodbye."""
        listening = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("edged/#", qos=1)
        self._client.on_subscribe = lambda *_: listening.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not listening.wait(LISTEN_S):
            raise SystemExit(f"the broker on port {port} does not answer within {LISTEN_S:.0f} s")

    def close(self) -> None:
        """No more."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        topic, payload = message.topic.removeprefix("edged/demo/"), bytes(message.payload)
        kind, _, _ = topic.partition("/")
        if kind == "event":
            self.events.append(json.loads(payload))
        say(f"[cyan]{time.strftime('%H:%M:%S')} {topic:<24}[/] {explain(kind, payload)}")
        if (topic, payload) == ("state", OFFLINE):
            self.over.set()


def explain(kind: str, payload: bytes) -> str:
    """One line: the gist of a message and what it means."""
    if kind not in MEANINGS:
        return escape(payload.decode())
    if kind == "availability":
        return f"{payload.decode()}: {MEANINGS[kind]}"
    content = json.loads(payload)
    if kind == "event":
        return explain_event(content)
    if kind == "active":
        gist = ", ".join(event["label"] for event in content["events"]) or "nothing"
    elif kind == "info":
        gist = content["version"]
    else:
        gist = "; ".join([content["state"], *content.get("reasons", ())])
    return f"{escape(gist)}: {MEANINGS[kind]}"


def explain_event(event: dict[str, Any]) -> str:
    """Who or what it is about, how sure edged is, why, and how soon it was said."""
    evidence = ", ".join(f"{name} {value:g}" for name, value in event["evidence"].items() if name[:4] != "box_")
    verb = {"start": "[bold red]begins[/]", "update": "goes on", "end": "[bold green]is over[/]"}[event["phase"]]
    where = f"{event['duration_s']:.1f} s, confidence {event['confidence']:.2f}"
    late = f"{event['latency_ms']['total']:.0f} ms after it was there"
    return f"[bold]{escape(event['label'])}[/]: {verb} ({where}; {evidence}; {late})"


def say(text: str, end: str = "\n") -> None:
    """To whoever watches."""
    CONSOLE.print(text, end=end)
