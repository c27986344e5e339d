"""The announcement: one message that describes a box to Home Assistant.

https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from edged.home_assistant.abbreviations import abbreviated, spelt_out
from edged.home_assistant.box import Box
from edged.home_assistant.entities import box_available, entities

ORIGIN = "edged"
MOST_BYTES = 16 * 1024
"""An announcement is no longer than this; what does not fit is left out, the least telling entities first."""


class Announcement(NamedTuple):
    """What Home Assistant is told."""

    payload: dict[str, Any]
    left_out: int
    """Entities that did not fit."""

    @property
    def platforms(self) -> dict[str, str]:
        """By the key of each entity that it brings."""
        return {key: component["platform"] for key, component in self.payload["components"].items()}


class Held(NamedTuple):
    """What a broker held where we announce."""

    ours: bool
    """An announcement by an edged."""
    others: bool
    """An announcement by another program."""
    platforms: dict[str, str]
    """By the key of each entity that it brings; only of ours."""
    removed: frozenset[str]
    """Keys of the entities that it takes away."""


def announcement(box: Box) -> Announcement:
    """The whole of it; with fewer entities than the box has where they do not fit."""
    payload: dict[str, Any] = {
        "device": _device(box),
        "origin": {"name": ORIGIN, "sw_version": box.version},
        "availability": [box_available(box)],
        "availability_mode": "all",
        "qos": 1,
    }
    everything = list(entities(box))
    components: dict[str, Any] = {}
    room = MOST_BYTES - len(encode({**payload, "components": {}}))
    for key, component in everything:
        room -= len(encode({key: component}))  # its braces stand for the comma
        if room < 0:
            break
        components[key] = component
    return Announcement({**payload, "components": components}, len(everything) - len(components))


def without(announced: Announcement, gone: Mapping[str, str]) -> dict[str, Any]:
    """The payload that also removes entities: ``gone`` is their platform by key."""
    removed = {key: {"platform": platform} for key, platform in gone.items()}
    return {**announced.payload, "components": {**announced.payload["components"], **removed}}


def encode(payload: Mapping[str, Any]) -> bytes:
    """As it is sent."""
    return json.dumps(abbreviated(payload), ensure_ascii=False, separators=(",", ":")).encode()


def read(payload: bytes) -> Held:
    """What somebody has announced; neither ours nor others' where it makes no sense."""
    try:
        announced = spelt_out(json.loads(payload))
    except (ValueError, RecursionError):
        announced = None
    origin = announced.get("origin") if isinstance(announced, dict) else None
    if not isinstance(origin, dict) or origin.get("name") != ORIGIN:
        return Held(ours=False, others=isinstance(announced, dict), platforms={}, removed=frozenset())
    components = announced.get("components")
    known = {
        key: (str(component["platform"]), len(component) > 1)
        for key, component in (components.items() if isinstance(components, dict) else ())
        if isinstance(component, dict) and "platform" in component
    }
    platforms = {key: platform for key, (platform, there) in known.items() if there}
    return Held(ours=True, others=False, platforms=platforms, removed=frozenset(known) - frozenset(platforms))


def _device(box: Box) -> dict[str, Any]:
    device = {"identifiers": [f"edged_{box.device}"], "name": box.name, "manufacturer": "edged"}
    device |= {"model": "sensor box", "sw_version": box.version}
    return {**device, "suggested_area": box.area} if box.area else device
