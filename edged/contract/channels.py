"""Channels: every topic below a device's own, and what is said on it."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from edged.contract.requests import request_schema
from edged.contract.schemas import plain, schema_of
from edged.messages.level import LevelMessage
from edged.messages.requests import REQUESTS, ResponseMessage
from edged.messages.wire import ActiveMessage, EventMessage, GapMessage, HealthMessage, InfoMessage, StateMessage

JSON = "application/json"


class Payload(NamedTuple):
    """What a message holds."""

    name: str
    """In the document, and of the schema's file."""
    schema: Mapping[str, Any]
    """JSON Schema 2020-12."""
    content_type: str = JSON

    @property
    def description(self) -> str:
        """Of the message as a whole."""
        return str(self.schema["description"])


class Channel(NamedTuple):
    """A topic; QoS is 1 throughout."""

    name: str
    topic: str
    """Below the device's; parameters in braces."""
    payloads: tuple[Payload, ...]
    action: Literal["send", "receive"] = "send"
    """What the box does on it."""
    retained: bool = False

    @property
    def description(self) -> str:
        """Of what is said on it."""
        if len(self.payloads) == 1:
            return self.payloads[0].description
        return f"`{self.topic.replace('{', '<').replace('}', '>')}`: each has a payload of its own."


def _sent(name: str, message: type[BaseModel]) -> Payload:
    return Payload(name, schema_of(message, "serialization"))


AVAILABILITY = Payload(
    "availability",
    plain("Availability", "`availability/<part>`: retained; whether it is there.", "online", "offline"),
    "text/plain",
)
IMAGE = Payload(
    "image",
    plain("Image", "`event/<pipeline>/<id>/image`: what an event shows, as a JPEG; only with `publish.images`."),
    "image/jpeg",
)
ASKED = tuple(Payload(f"{command}_request", request_schema(asked)) for command, asked in REQUESTS.items())
RESPONSE = _sent("response", ResponseMessage)

CHANNELS = (
    Channel("state", "state", (_sent("state", StateMessage),), retained=True),
    Channel("info", "info", (_sent("info", InfoMessage),), retained=True),
    Channel("health", "health", (_sent("health", HealthMessage),), retained=True),
    Channel("availability", "availability/{part}", (AVAILABILITY,), retained=True),
    Channel("event", "event/{pipeline}", (_sent("event", EventMessage),)),
    Channel("image", "event/{pipeline}/{id}/image", (IMAGE,)),
    Channel("active", "active/{pipeline}", (_sent("active", ActiveMessage),), retained=True),
    Channel("level", "level/{pipeline}", (_sent("level", LevelMessage),)),
    Channel("gap", "gap", (_sent("gap", GapMessage),)),
    Channel("request", "request/{command}", ASKED, "receive"),
    Channel("response", "response/{command}", (RESPONSE,)),
)
