"""Which entities Home Assistant shows for a box, the most telling ones first."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from edged.home_assistant import templates
from edged.home_assistant.box import Box, BoxPipeline
from edged.messages.health import State

MISSED = 3
"""After so many intervals without ``health``, or ``level``, nothing of it is shown any longer."""
SHOWN_AS: Mapping[str, tuple[str, dict[str, str]]] = {
    "drones": ("Drone", {"device_class": "sound", "value_template": templates.ACTIVE}),
    "sounds": ("Sound", {"device_class": "sound", "value_template": templates.ACTIVE}),
    "objects": ("Object", {"device_class": "occupancy", "value_template": templates.ACTIVE}),
    "faces": ("Person", {"device_class": "occupancy", "value_template": templates.SOMEBODY}),
}
"""Name and meaning by a pipeline's kind. ``sound``: it is heard; ``occupancy``: somebody is there.

https://www.home-assistant.io/integrations/binary_sensor/#device-class
"""

Entity = tuple[str, dict[str, Any]]
"""The component's key, which is never that of another platform, and the component."""


def entities(box: Box) -> Iterator[Entity]:
    """All, in the order in which they matter: what does not fit is left out from the end."""
    shown = {name: it for name, it in box.pipelines.items() if it.enabled or "set" in box.commands}
    yield from _condition(box)
    for each in (_detected, _last_person):
        for name, pipeline in shown.items():
            yield from each(box, name, pipeline)
    for name in box.confirmations:
        yield _confirmed(box, name)
    for name, pipeline in shown.items():
        yield from _level(box, name, pipeline)
    for source in box.sources:
        yield _connected(box, f"source_{source}", f"{_words(source)} connected", source)
    for name, pipeline in box.pipelines.items():
        yield from _controls(box, name, pipeline)
    if "restart" in box.commands:
        yield _button(box, "restart", "Restart", "daemon")
    for accelerator in box.accelerators:
        yield _connected(box, f"accelerator_{accelerator}", f"Accelerator {accelerator} connected", accelerator)
    for name, pipeline in shown.items():
        yield from _confidence(box, name, pipeline)


def _entity(box: Box, key: str, platform: str, name: str, options: Mapping[str, Any]) -> Entity:
    return key, {"platform": platform, "unique_id": f"edged_{box.device}_{key}", "name": name, **options}


def _detected(box: Box, name: str, pipeline: BoxPipeline) -> Iterator[Entity]:
    meaning = SHOWN_AS[pipeline.kind][1] if pipeline.kind in SHOWN_AS else {"value_template": templates.ACTIVE}
    options = {"state_topic": box.topic(f"active/{name}"), **meaning, **_available(box, name, pipeline)}
    yield _entity(box, f"active_{name}", "binary_sensor", _title(name, pipeline), options)


def _confirmed(box: Box, name: str) -> Entity:
    options = {"state_topic": box.topic(f"active/{name}"), "value_template": templates.ACTIVE, "icon": "mdi:check-all"}
    return _entity(box, f"active_{name}", "binary_sensor", _words(name), options)


def _last_person(box: Box, name: str, pipeline: BoxPipeline) -> Iterator[Entity]:
    if pipeline.kind == "faces":
        title = _title(name, pipeline)
        options = {"state_topic": box.topic(f"event/{name}"), "value_template": templates.LAST_PERSON}
        last = {**options, "icon": "mdi:account"}
        yield _entity(box, f"person_{name}", "sensor", f"Last {title[0].lower()}{title[1:]}", last)


def _confidence(box: Box, name: str, pipeline: BoxPipeline) -> Iterator[Entity]:
    options = {"state_topic": box.topic(f"active/{name}"), "value_template": templates.CONFIDENCE}
    options |= {"unit_of_measurement": "%", "state_class": "measurement"}
    yield _entity(box, f"confidence_{name}", "sensor", f"{_title(name, pipeline)} confidence", options)


def _level(box: Box, name: str, pipeline: BoxPipeline) -> Iterator[Entity]:
    """How loud it is: sound pressure as people hear it, where the microphone is calibrated; else beside full scale.

    Home Assistant knows no class for dBFS: https://www.home-assistant.io/integrations/sensor/#device-class
    """
    if (level := pipeline.level) is None:
        return
    options: dict[str, Any] = {"state_topic": box.topic(f"level/{name}"), "state_class": "measurement"}
    options["expire_after"] = math.ceil(MISSED * level.interval_s)
    if level.calibrated:
        unit = {
            "device_class": "sound_pressure",
            "unit_of_measurement": "dBA",
            "value_template": templates.SOUND_PRESSURE,
        }
    else:
        unit = {"icon": "mdi:volume-high", "unit_of_measurement": "dBFS", "value_template": templates.SOUND_LEVEL}
    title = "Sound level" if name == pipeline.kind else f"Sound level ({_words(name).lower()})"
    yield _entity(box, f"level_{name}", "sensor", title, {**options, **unit, **_available(box, name, pipeline)})


def _condition(box: Box) -> Iterator[Entity]:
    """How well the box itself is."""
    health: dict[str, Any] = {"state_topic": box.topic("health"), "entity_category": "diagnostic"}
    health["expire_after"] = math.ceil(MISSED * box.health_interval_s)
    state = {"device_class": "enum", "options": list(State), "value_template": templates.HEALTH}
    reasons = {"json_attributes_topic": box.topic("health"), "json_attributes_template": templates.REASONS}
    yield _entity(box, "health", "sensor", "Health", {**health, **state, **reasons})
    heat = {"device_class": "temperature", "unit_of_measurement": "°C", "state_class": "measurement"}
    heat |= {"value_template": templates.CPU_TEMPERATURE}
    yield _entity(box, "cpu_temperature", "sensor", "CPU temperature", {**health, **heat})
    waiting = {"value_template": templates.OUTBOX_WAITING, "unit_of_measurement": "messages"}
    waiting |= {"state_class": "measurement", "icon": "mdi:tray-full"}
    yield _entity(box, "outbox_waiting", "sensor", "Outbox waiting", {**health, **waiting})
    devices = {"state_topic": box.topic("info"), "value_template": templates.DEVICES_IN_USE}
    devices |= {"entity_category": "diagnostic", "icon": "mdi:chip"}
    yield _entity(box, "devices_in_use", "sensor", "Models run on", devices)


def _connected(box: Box, key: str, name: str, part: str) -> Entity:
    options = {"state_topic": box.topic(f"availability/{part}"), "payload_on": "online", "payload_off": "offline"}
    options |= {"device_class": "connectivity", "entity_category": "diagnostic"}
    return _entity(box, key, "binary_sensor", name, options)


def _controls(box: Box, name: str, pipeline: BoxPipeline) -> Iterator[Entity]:
    title = f"{_words(name)} pipeline"
    if "set" in box.commands:
        enabled = templates.request(pipeline=repr(name), enabled="value == 'ON'")
        options = {"command_topic": box.topic("request/set"), "command_template": enabled}
        options |= {"state_topic": box.topic("info"), "value_template": templates.switched_on(name, "ON", "OFF")}
        yield _entity(box, f"enabled_{name}", "switch", title, {**options, "entity_category": "config"})
    if "restart" in box.commands and pipeline.enabled:
        yield _button(box, f"restart_{name}", f"Restart {title[0].lower()}{title[1:]}", name)


def _button(box: Box, key: str, name: str, part: str) -> Entity:
    options = {"command_topic": box.topic("request/restart"), "device_class": "restart", "entity_category": "config"}
    options["command_template"] = templates.request(part=repr(part))
    return _entity(box, key, "button", name, options)


def _available(box: Box, name: str, pipeline: BoxPipeline) -> dict[str, Any]:
    """While the box and the source are there and, where it can be switched off, the pipeline is on."""
    topics = [box_available(box), {"topic": box.topic(f"availability/{pipeline.source}")}]
    if "set" in box.commands:
        on = templates.switched_on(name, "online", "offline")
        topics.append({"topic": box.topic("info"), "value_template": on})
    return {"availability": topics}


def box_available(box: Box) -> dict[str, str]:
    """While the box is there."""
    return {"topic": box.topic("state"), "value_template": templates.BOX_STATE}


def _title(name: str, pipeline: BoxPipeline) -> str:
    """``Drone``; with the pipeline's name where that says more than its kind."""
    kind = SHOWN_AS[pipeline.kind][0] if pipeline.kind in SHOWN_AS else _words(pipeline.kind)
    return kind if name == pipeline.kind else f"{kind} ({_words(name).lower()})"


def _words(name: str) -> str:
    words = name.replace("_", " ").replace("-", " ").strip() or name
    return words[0].upper() + words[1:]
