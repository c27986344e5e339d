"""Holds what goes over the wire to the contract as it is shipped: ``config/asyncapi.yaml`` and ``config/schemas``."""

import io
import json
import re
import threading
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import paho.mqtt.client as paho
import yaml
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions
from PIL import Image

FOLDER = Path(__file__).parents[1] / "config"
MOST_BYTES = {"event": 2048}
"""An event fits in 2 KB."""


class Channel(NamedTuple):
    name: str
    topic: re.Pattern[str]
    messages: dict[str, Any]
    retained: bool
    qos: int


@cache
def document() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())


def resolve(reference: str) -> Any:
    """What a ``$ref`` of the document says: in itself, or in a file beside it."""
    file, _, pointer = reference.partition("#")
    node = json.loads((FOLDER / file).read_text()) if file else document()
    for key in filter(None, pointer.split("/")):
        node = node[key.replace("~1", "/").replace("~0", "~")]
    return resolve(node["$ref"]) if set(node) == {"$ref"} else node


@cache
def channels() -> tuple[Channel, ...]:
    """Every topic below a device's own."""
    found = []
    for name, channel in document()["channels"].items():
        patterns = {
            parameter: resolve(it["$ref"])["x-pattern"][1:-1] for parameter, it in channel["parameters"].items()
        }
        topic = channel["address"].removeprefix("{base_topic}/{device}/")
        parts = re.split(r"\{(\w+)\}", topic)
        pattern = "".join(f"(?P<{it}>{patterns[it]})" if odd % 2 else re.escape(it) for odd, it in enumerate(parts))
        binding = next(
            it["bindings"]["mqtt"]
            for it in document()["operations"].values()
            if it["channel"]["$ref"] == f"#/channels/{name}"
        )
        messages = {key: resolve(it["$ref"]) for key, it in channel["messages"].items()}
        found.append(Channel(name, re.compile(pattern), messages, binding["retain"], binding["qos"]))
    return tuple(found)


@cache
def validator(file: str) -> jsonschema.Draft202012Validator:
    schema = resolve(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def check(topic: str, payload: bytes, *, retained: bool | None = None, qos: int | None = None) -> None:
    """AssertionError with what is wrong; ``topic`` is below the box's. An empty payload takes a retained one back."""
    channel = _channel(topic)
    assert retained in {None, channel.retained}, f"{topic}: retained: {retained}"
    assert qos in {None, channel.qos}, f"{topic}: QoS {qos}"
    if channel.retained and not payload:
        return
    named = channel.topic.fullmatch(topic).groupdict()
    name = channel.name if len(channel.messages) == 1 else f"{named['command']}_{channel.name}"
    assert name in channel.messages, f"{topic}: no message {name} in the contract"
    assert len(payload) <= MOST_BYTES.get(name, len(payload)), f"{topic}: {len(payload)} bytes"
    value = _decode(topic, payload, channel.messages[name]["contentType"])
    faults = validator(channel.messages[name]["payload"]["$ref"]).iter_errors(value)
    told = [f"{topic}: {'.'.join(map(str, fault.path))}: {fault.message}" for fault in faults]
    assert not told, "\n".join(told)
    if channel.name == "event":
        assert value["pipeline"] == named["pipeline"], f"{topic}: of {value['pipeline']}"


def _channel(topic: str) -> Channel:
    channel = next((it for it in channels() if it.topic.fullmatch(topic)), None)
    assert channel, f"{topic}: no channel of the contract"
    return channel


def _decode(topic: str, payload: bytes, content_type: str) -> Any:
    if content_type == "image/jpeg":
        assert _is_a_jpeg(payload), f"{topic}: no JPEG"
        return ""
    try:
        text = payload.decode("utf-8")
        if content_type == "text/plain":
            return text
        return json.loads(text, object_pairs_hook=_no_key_twice, parse_constant=_no_number)
    except ValueError as error:
        raise AssertionError(f"{topic}: {error}") from None


def _is_a_jpeg(payload: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(payload), formats=["JPEG"]) as picture:
            picture.load()
    except OSError:
        return False
    return True


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), f"a key twice: {pairs}"
    return dict(pairs)


def _no_number(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


class Heard(NamedTuple):
    topic: str
    payload: bytes
    retained: bool
    qos: int
    content_type: str | None


class Recorder:
    """Keeps all that is published on a broker as it was sent: bytes, and the sender's own retain flag (MQTT 5)."""

    def __init__(self, port: int, topic: str = "#") -> None:
        self.heard: list[Heard] = []
        subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = lambda _client, _data, it: self.heard.append(
            Heard(it.topic, it.payload, it.retain, it.qos, getattr(it.properties, "ContentType", None))
        )
        options = SubscribeOptions(qos=2, retainAsPublished=True)
        self._client.on_connect = lambda client, *_: client.subscribe(topic, options=options)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(10)

    def check_all(self, root: str) -> set[str]:
        """Hold every message below ``root`` to the contract; returns the names of the channels that were used."""
        below = [
            it._replace(topic=it.topic.removeprefix(root.rstrip("/") + "/"))
            for it in self.heard
            if it.topic.startswith(root)
        ]
        for it in below:
            check(it.topic, it.payload, retained=it.retained, qos=it.qos)
            declared = {message["contentType"] for message in _channel(it.topic).messages.values()}
            assert it.content_type in {None, *declared}, f"{it.topic}: {it.content_type}"
        return {_channel(it.topic).name for it in below}

    def close(self) -> None:
        gone = threading.Event()
        self._client.on_disconnect = lambda *_: gone.set()
        if self._client.disconnect() == 0:
            gone.wait(5)
        self._client.loop_stop()
        self._client._reset_sockets()
