"""The AsyncAPI document (3.0): servers, channels, operations and messages, as the box has them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from edged.contract.channels import ASKED, CHANNELS, JSON, RESPONSE, Channel, Payload
from edged.contract.examples import examples
from edged.messages.formats import SLUG, ULID
from edged.messages.requests import REQUESTS
from edged.messages.wire import SCHEMA_VERSION, StateMessage

MQTT = {"bindingVersion": "0.2.0"}
ROOT = "{base_topic}/{device}"

DESCRIPTION = """\
A box that hears drones and recognises the people it was taught. It publishes on topics of its own, with QoS 1, by
MQTT 5 where the broker speaks it and else 3.1.1; all that matters is in the payload. JSON is UTF-8, keys carry their
units, times are RFC 3339 UTC with milliseconds. The schemas are exact for this version: test with them. A reader in the
field should pass over keys that it does not know; `schema_version` changes when one could misread. An event may come
twice: drop a `seq` that you have seen. The box's announcement on `homeassistant/device/<device>/config` is as Home
Assistant describes it (MQTT discovery), and not part of this document."""

PARAMETERS = {
    "base_topic": ("What the box's configuration has as `mqtt.base_topic`; may put a site in front.", "edged"),
    "device": ("The box's name.", "barn"),
    "part": ("A source by its name, or an accelerator such as `usb-0`.", "microphone"),
    "pipeline": ("A pipeline by its name.", "drones"),
    "id": ("ULID of the event.", "01KA8XJQ5CDP3X7T6R4M2N9VZB"),
    "command": (f"One of {', '.join(REQUESTS)}; which are answered is configured (`commands`).", "ping"),
}
PATTERNS = {"base_topic": f"^{SLUG}(/{SLUG})*$", "id": f"^{ULID}$"}
"""Where it is not that of a name. AsyncAPI 3.0 has no place of its own for them."""

JSON_BINDING = {"bindings": {"mqtt": {"payloadFormatIndicator": 1, "contentType": JSON, **MQTT}}}
"""What MQTT 5 says beside what the box sends."""


def asyncapi() -> dict[str, Any]:
    """The whole document; payloads refer to the schemas beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "edged",
            "version": f"{SCHEMA_VERSION}.0.0",
            "description": DESCRIPTION.replace("\n", " "),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON,
        "servers": {"plain": _server("mqtt", "1883"), "tls": _server("secure-mqtt", "8883")},
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": dict(_operations()),
        "components": {
            "messages": {payload.name: _message(payload) for channel in CHANNELS for payload in channel.payloads},
            "parameters": {name: _parameter(name) for name in PARAMETERS},
            "securitySchemes": SECURITY,
        },
    }


TRANSACTION = {
    "location": "$message.payload#/transaction",
    "description": "Of the asker's choice; the answer has it too.",
}
SECURITY = {
    "password": {"type": "userPassword", "description": "A user for each box, named as the device."},
    "certificate": {"type": "X509", "description": "A certificate for each box (`mqtt.tls.certificate_file`)."},
}


def _server(protocol: str, port: str) -> dict[str, Any]:
    schemes = ["password", "certificate"] if protocol == "secure-mqtt" else ["password"]
    will = {"topic": "edged/barn/state", "message": StateMessage(state="offline").payload().decode()}
    return {
        "host": "{host}:{port}",
        "protocol": protocol,
        "protocolVersion": "5",
        "description": "A broker of your own; 3.1.1 will do. `config/mosquitto` holds the configuration of one.",
        "variables": {
            "host": {"description": "`mqtt.host`", "default": "localhost"},
            "port": {"description": "`mqtt.port`", "default": port},
        },
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in schemes],
        "bindings": {"mqtt": {"clientId": "edged-barn", "lastWill": {**will, "qos": 1, "retain": True}, **MQTT}},
    }


def _channel(channel: Channel) -> dict[str, Any]:
    address = f"{ROOT}/{channel.topic}"
    return {
        "address": address,
        "description": channel.description,
        "messages": {it.name: {"$ref": f"#/components/messages/{it.name}"} for it in channel.payloads},
        "parameters": {
            name: {"$ref": f"#/components/parameters/{name}"} for name in PARAMETERS if f"{{{name}}}" in address
        },
    }


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """One a channel, and one a command."""
    for channel in CHANNELS:
        if channel.action == "send":
            yield f"send{channel.name.title()}", _operation(channel, channel.payloads)
        for command, payload in zip(REQUESTS, channel.payloads, strict=True) if channel.action == "receive" else ():
            reply = {"channel": {"$ref": "#/channels/response"}, "messages": [_message_of("response", RESPONSE)]}
            yield f"receive{command.title()}", {**_operation(channel, [payload]), "reply": reply}


def _operation(channel: Channel, payloads: Iterable[Payload]) -> dict[str, Any]:
    return {
        "action": channel.action,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "messages": [_message_of(channel.name, it) for it in payloads],
        "bindings": {"mqtt": {"qos": 1, "retain": channel.retained, **MQTT}},
    }


def _message_of(channel: str, payload: Payload) -> dict[str, Any]:
    return {"$ref": f"#/channels/{channel}/messages/{payload.name}"}


def _message(payload: Payload) -> dict[str, Any]:
    given = examples().get(payload.name, ())
    correlated = {"correlationId": TRANSACTION} if "transaction" in payload.schema.get("properties", {}) else {}
    return {
        "name": payload.name,
        "title": payload.schema["title"],
        "description": payload.description,
        "contentType": payload.content_type,
        "payload": {"$ref": f"schemas/{payload.name}.json"},
        **correlated,
        **({} if payload in ASKED or payload.content_type != JSON else JSON_BINDING),
        **({"examples": [{"payload": it} for it in given]} if given else {}),
    }


def _parameter(name: str) -> Mapping[str, Any]:
    description, example = PARAMETERS[name]
    return {"description": description, "examples": [example], "x-pattern": PATTERNS.get(name, f"^{SLUG}$")}
