"""What MQTT 5 says beside a message. Whatever matters stands in the payload, which all brokers carry."""

from functools import cached_property

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edged.messages.wire import SCHEMA_VERSION

LONGEST_S = 2**32 - 2
"""Of an expiry interval."""


class Lasting(Properties):
    """Properties of many messages, packed once: paho would do it for each, which takes longer than all else of it."""

    def pack(self) -> bytes:
        return self._packed

    @cached_property
    def _packed(self) -> bytes:
        return bytes(super().pack())  # type: ignore[no-untyped-call]


def json_properties(expiry_s: float | None = None) -> Lasting:
    """Of JSON; ``expiry_s``: for how long brokers may keep it for a reader who is away."""
    properties = Lasting(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.PayloadFormatIndicator = 1  # UTF-8
    properties.ContentType = "application/json"
    properties.UserProperty = ("schema_version", str(SCHEMA_VERSION))
    if expiry_s is not None:
        properties.MessageExpiryInterval = max(1, min(LONGEST_S, int(expiry_s)))
    return properties
