"""The short names of what an announcement says, so that it fits.

https://www.home-assistant.io/integrations/mqtt/#supported-abbreviations-in-mqtt-discovery-messages
"""

from typing import Any

SHORT = {
    "availability": "avty",
    "availability_mode": "avty_mode",
    "command_template": "cmd_tpl",
    "command_topic": "cmd_t",
    "components": "cmps",
    "device": "dev",
    "device_class": "dev_cla",
    "entity_category": "ent_cat",
    "expire_after": "exp_aft",
    "icon": "ic",
    "identifiers": "ids",
    "json_attributes_template": "json_attr_tpl",
    "json_attributes_topic": "json_attr_t",
    "manufacturer": "mf",
    "model": "mdl",
    "options": "ops",
    "origin": "o",
    "payload_off": "pl_off",
    "payload_on": "pl_on",
    "platform": "p",
    "state_class": "stat_cla",
    "state_topic": "stat_t",
    "suggested_area": "sa",
    "sw_version": "sw",
    "topic": "t",
    "unique_id": "uniq_id",
    "unit_of_measurement": "unit_of_meas",
    "value_template": "val_tpl",
}
LONG = {short: long for long, short in SHORT.items()}


def abbreviated(payload: Any) -> Any:
    """With short keys throughout. The key of no component is a word of this table."""
    return _renamed(payload, SHORT)


def spelt_out(payload: Any) -> Any:
    """What :func:`abbreviated` was given."""
    return _renamed(payload, LONG)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(each, names) for key, each in value.items()}
    return [_renamed(each, names) for each in value] if isinstance(value, list) else value
