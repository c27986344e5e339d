"""Reading payloads of boxes of any version: what cannot be read is said, never raised as a bug."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from edged.messages.level import LevelMessage
from edged.messages.wire import (
    SCHEMA_VERSION,
    ActiveMessage,
    EventMessage,
    GapMessage,
    HealthMessage,
    InfoMessage,
    Message,
    StateMessage,
)

M = TypeVar("M", bound=Message)

MESSAGES: dict[str, type[Message]] = {
    "state": StateMessage,
    "info": InfoMessage,
    "health": HealthMessage,
    "event": EventMessage,
    "active": ActiveMessage,
    "level": LevelMessage,
    "gap": GapMessage,
}
"""By the topic's first part below the box's root; ``availability`` is plain text."""


class UnreadableError(Exception):
    """A payload is not what its topic promises; the message says why."""


def read_message(message_type: type[M], payload: bytes) -> M:
    """The payload's message; keys that a newer box added are left out. UnreadableError where it is none."""
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        raise UnreadableError("not JSON") from None
    version = content.get("schema_version", SCHEMA_VERSION) if isinstance(content, dict) else SCHEMA_VERSION
    if version != SCHEMA_VERSION:
        raise UnreadableError(f"schema version {str(version)[:20]}, known is {SCHEMA_VERSION}")
    try:
        return message_type.model_validate_json(payload)
    except ValidationError as error:
        return _without_unknown_keys(message_type, content, error)


def read_availability(payload: bytes) -> str:
    """``online`` or ``offline``; UnreadableError where it is neither."""
    if payload not in {b"online", b"offline"}:
        raise UnreadableError("neither online nor offline")
    return payload.decode()


def _without_unknown_keys(message_type: type[M], content: Any, error: ValidationError) -> M:
    faults = error.errors(include_url=False, include_input=False)
    for fault in faults:
        if fault["type"] != "extra_forbidden":
            where = ".".join(map(str, fault["loc"]))
            raise UnreadableError(f"{where}: {fault['msg']}" if where else fault["msg"])
    try:
        for fault in faults:
            _delete(content, fault["loc"])
        return message_type.model_validate_json(json.dumps(content))
    except (LookupError, TypeError, ValueError):
        raise UnreadableError("not as promised") from None


def _delete(content: Any, way: Sequence[int | str]) -> None:
    *outer, key = way
    for step in outer:
        content = content[step]
    del content[key]
