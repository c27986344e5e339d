"""Messages as lines of JSON, for programs."""

import json
from typing import Any

from edged.messages.wire import rfc3339
from edged.sinks.mqtt.reader import Heard
from edged.watching.boxes import Address


def json_line(heard: Heard, address: Address) -> str:
    """One message: ``payload`` is its JSON; where it is none, its text; where it is no text, null.

    ASCII alone: what a terminal might obey is escaped as well.
    """
    line: dict[str, Any] = {"topic": heard.topic, "device": address.device, "kind": address.kind}
    about = {"at": rfc3339(heard.at_s), "retained": heard.retained}
    try:
        return json.dumps({**line, "payload": json.loads(heard.payload), **about}, allow_nan=False)
    except (ValueError, RecursionError):
        return json.dumps({**line, "payload": _text(heard.payload), **about})


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None
