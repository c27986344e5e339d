"""A small Home Assistant: takes announcements by its rules, and builds entities that follow their topics.

How updates and removals are taken: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

import json
from contextlib import suppress
from datetime import UTC, datetime

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.home_assistant import rules

UNKNOWN, UNAVAILABLE = "unknown", "unavailable"


class Entity:
    """One entity of the device; ``shared``: what stands beside the components."""

    def __init__(self, home, component, shared):
        self._home, self.value, self.attributes = home, UNKNOWN, {}
        self._heard = {}
        self.update(component, shared)

    def update(self, component, shared):
        self.config = {**{name: shared[name] for name in rules.SHARED if name in shared}, **component}

    @property
    def state(self):
        """As the user sees it; availability is by the latest word on each of its topics."""
        there = [self._heard.get(one["topic"]) == "online" for one in self.config["availability"]]
        assert self.config["availability_mode"] == "all"
        return self.value if all(there) else UNAVAILABLE

    def take(self, topic, payload):
        """A message of the box."""
        for one in self.config["availability"]:
            if one["topic"] == topic:
                self._heard[topic] = self._home.render(one.get("value_template"), payload, self)
        if topic == self.config.get("state_topic"):
            self._take_state(self._home.render(self.config.get("value_template"), payload, self))
        if topic == self.config.get("json_attributes_topic"):
            self.attributes = json.loads(self._home.render(self.config["json_attributes_template"], payload, self))

    def _take_state(self, value):
        if self.config["platform"] in {"binary_sensor", "switch"}:
            shown = {self.config.get("payload_on", "ON"): "on", self.config.get("payload_off", "OFF"): "off"}
            self.value = {**shown, "None": UNKNOWN}[value]
            return
        if value == "None":
            self.value = UNKNOWN
        else:
            assert value in self.config.get("options", [value])
            self.value = str(float(value)) if "state_class" in self.config else value
            assert len(self.value) <= 255

    def ask(self, value):
        """Press it, or turn it ``ON`` or ``OFF``: topic and payload."""
        assert not self.config.get("retain")
        payload = self._home.render(self.config["command_template"], value.encode(), self, value=value)
        return self.config["command_topic"], payload.encode()


class HomeAssistant:
    """All there is of one device; ``registry`` also has what was announced once and is gone from the message."""

    def __init__(self):
        self.registry, self.device = {}, {}
        self._jinja = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
        self._jinja.globals["utcnow"] = lambda: datetime.now(UTC)

    def __getitem__(self, key):
        return self.registry[key]

    def discover(self, topic, payload):
        """An announcement as it came from the broker."""
        if not payload:
            self.registry.clear()
            return
        announced = rules.spelt_out(json.loads(payload))
        assert rules.faults(topic, announced) == []
        self.device = announced["device"]
        for key, component in announced["components"].items():
            if set(component) == {"platform"}:
                self.registry.pop(key, None)
            elif key in self.registry:
                assert self.registry[key].config["platform"] == component["platform"]
                self.registry[key].update(component, announced)
            else:
                self.registry[key] = Entity(self, component, announced)

    def take(self, topic, payload):
        """A message of the box."""
        for entity in self.registry.values():
            entity.take(topic, payload)

    def render(self, template, payload, entity, **variables):
        """By Home Assistant's rules: ``value_json`` is only there for JSON."""
        text = payload.decode()
        if template is None:
            return text
        with suppress(ValueError):
            variables["value_json"] = json.loads(text)
        known = entity.value not in {UNKNOWN, UNAVAILABLE}
        own = {"states": lambda _: entity.value, "has_value": lambda _: known, "entity_id": "sensor.it"}
        return self._jinja.from_string(template).render({"value": text, **own, **variables})
