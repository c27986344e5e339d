"""Home Assistant's own rules for a device announcement, written down from its documentation and its schemas.

* The message: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
* Short names: https://www.home-assistant.io/integrations/mqtt/#supported-abbreviations-in-mqtt-discovery-messages
* Platforms: https://www.home-assistant.io/integrations/binary_sensor.mqtt/ and sensor.mqtt, button.mqtt, switch.mqtt
* Checked against homeassistant/components/mqtt/schemas.py and sensor.py (2026).

Home Assistant ignores keys of a component that it does not know; here they are faults, as they would be typing errors.
"""

import re

import jinja2

SHORT = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "cmd_t": "command_topic",
    "cmps": "components",
    "cmd_tpl": "command_template",
    "dev": "device",
    "dev_cla": "device_class",
    "ent_cat": "entity_category",
    "exp_aft": "expire_after",
    "ic": "icon",
    "json_attr_t": "json_attributes_topic",
    "ops": "options",
    "json_attr_tpl": "json_attributes_template",
    "o": "origin",
    "p": "platform",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "stat_cla": "state_class",
    "stat_t": "state_topic",
    "t": "topic",
    "ret": "retain",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
SHORT_IN_DEVICE = {
    "ids": "identifiers",
    "mf": "manufacturer",
    "mdl": "model",
    "sw": "sw_version",
    "sa": "suggested_area",
}
SHORT_IN_ORIGIN = {"sw": "sw_version", "url": "support_url"}

DEVICE = {"identifiers", "connections", "manufacturer", "model", "model_id", "name", "hw_version", "sw_version"}
DEVICE |= {"serial_number", "suggested_area", "configuration_url", "via_device"}
ORIGIN = {"name", "sw_version", "support_url"}
SHARED = {"availability", "availability_mode", "command_topic", "state_topic", "qos", "encoding"}
AVAILABILITY = {"topic", "value_template", "payload_available", "payload_not_available"}
COMMON = {"platform", "unique_id", "name", "icon", "entity_category", "enabled_by_default", "default_entity_id"}
COMMON |= {"json_attributes_topic", "json_attributes_template", *SHARED}
CLASSES = {
    "binary_sensor": "battery battery_charging carbon_monoxide cold connectivity door garage_door gas heat light lock "
    "moisture motion moving occupancy opening plug power presence problem running safety smoke sound tamper update "
    "vibration window",
    "sensor": "duration enum sound_pressure temperature timestamp",  # of many; those that a box has a use for
    "button": "identify restart update",
    "switch": "outlet switch",
}
"""https://www.home-assistant.io/integrations/binary_sensor/#device-class and the like of the others."""
UNITS = {
    "temperature": {"°C", "°F", "K"},
    "duration": {"d", "h", "min", "s", "ms", "µs"},
    "sound_pressure": {"dB", "dBA"},
}
ONLY_MEASURED = {"temperature", "sound_pressure"}
"""``DEVICE_CLASS_STATE_CLASSES`` in homeassistant/components/sensor/const.py."""
REQUIRED = {
    "binary_sensor": {"state_topic"},
    "sensor": {"state_topic"},
    "button": {"command_topic"},
    "switch": {"command_topic"},
}
OPTIONAL = {
    "binary_sensor": "value_template payload_on payload_off off_delay expire_after force_update",
    "sensor": "value_template unit_of_measurement state_class options expire_after force_update "
    "suggested_display_precision last_reset_value_template",
    "button": "command_template payload_press retain",
    "switch": "command_template payload_on payload_off state_on state_off value_template optimistic retain",
}


def spelt_out(payload):
    """The announcement with the long names, where Home Assistant takes short ones."""
    payload = _long(payload, SHORT)
    payload["device"] = _long(payload["device"], SHORT_IN_DEVICE)
    payload["origin"] = _long(payload["origin"], SHORT_IN_ORIGIN)
    payload["components"] = {key: _long(each, SHORT) for key, each in payload["components"].items()}
    for each in (payload, *payload["components"].values()):
        if "availability" in each:
            each["availability"] = [_long(one, SHORT) for one in each["availability"]]
    return payload


def faults(topic, payload):
    """What Home Assistant would not take, in words; nothing where all is well."""
    return [*_faults_of_device(topic, payload), *_faults_of_components(payload)]


def _long(names, table):
    return {table.get(name, name): value for name, value in names.items()}


def _faults_of_device(topic, payload):
    if not re.fullmatch(r"[^#+]+/device/[a-zA-Z0-9_-]+/config", topic):
        yield f"{topic}: is no discovery topic"
    for name, known in (("device", DEVICE), ("origin", ORIGIN)):
        yield from (f"{name}.{key}: is not known" for key in set(payload[name]) - known)
    if not payload["device"].get("identifiers"):
        yield "device: has no identifiers"
    if not payload["origin"].get("name"):
        yield "origin: has no name"
    yield from (f"{key}: is not known" for key in set(payload) - {"device", "origin", "components", *SHARED})
    yield from _faults_of_availability("device", payload)


def _faults_of_components(payload):
    unique = [each["unique_id"] for each in payload["components"].values() if "unique_id" in each]
    yield from (f"{one}: is there twice" for one in set(unique) if unique.count(one) > 1)
    for key, each in payload["components"].items():
        yield from (f"{key}: {fault}" for fault in _faults_of_component(each))
        if re.search(r"[^a-zA-Z0-9_-]", key):
            yield f"{key}: has characters that an id has not"


def _faults_of_component(each):
    platform = each.get("platform")
    if platform not in REQUIRED:
        yield f"platform {platform}: is not known here"
        return
    if set(each) == {"platform"}:  # takes it away
        return
    if not each.get("unique_id"):
        yield "has no unique_id"
    yield from (f"has no {name}" for name in REQUIRED[platform] - set(each))
    known = COMMON | {"device_class", *OPTIONAL[platform].split()}
    yield from (f"{name}: is not known" for name in set(each) - known)
    if "device_class" in each and each["device_class"] not in CLASSES[platform].split():
        yield f"device_class {each['device_class']}: is not one of a {platform}"
    category = each.get("entity_category", "diagnostic")
    if category not in ({"diagnostic"} if "sensor" in platform else {"diagnostic", "config"}):
        yield f"entity_category {category}: is not one of a {platform}"
    if "icon" in each and not re.fullmatch(r"mdi:[a-z0-9-]+", each["icon"]):
        yield f"icon {each['icon']}: is none"
    if not isinstance(each.get("expire_after", 1), int) or each.get("expire_after", 1) < 1:
        yield "expire_after: must be whole seconds"
    yield from _faults_of_topics_and_templates(each)
    yield from _faults_of_availability("availability", each)
    if platform == "sensor":
        yield from _faults_of_sensor(each)


def _faults_of_sensor(each):
    """``validate_sensor_state_and_device_class_config`` in homeassistant/components/mqtt/sensor.py."""
    options, unit, kind = each.get("options"), each.get("unit_of_measurement"), each.get("device_class")
    if options is not None and (not options or "state_class" in each or unit or kind != "enum"):
        yield "options: only with device_class enum, without unit and state_class"
    if each.get("state_class") not in {None, "measurement", "total", "total_increasing"}:
        yield f"state_class {each['state_class']}: is not known"
    if kind in ONLY_MEASURED and each.get("state_class", "measurement") != "measurement":
        yield f"state_class {each['state_class']}: is not one of {kind}"
    if kind in UNITS and unit not in UNITS[kind]:
        yield f"unit_of_measurement {unit}: is not one of {kind}"


def _faults_of_topics_and_templates(each):
    for name, value in each.items():
        if name.endswith("topic") and (not value or set(value) & set("#+\0")):
            yield f"{name}: {value!r} is no topic"
        if name.endswith("template"):
            try:
                jinja2.Environment(autoescape=False).parse(value)
            except jinja2.TemplateError as error:
                yield f"{name}: {error}"


def _faults_of_availability(where, each):
    if each.get("availability_mode", "latest") not in {"all", "any", "latest"}:
        yield f"{where}: availability_mode is not known"
    for one in each.get("availability", []):
        yield from (f"{where}.{key}: is not known" for key in set(one) - AVAILABILITY)
        yield from _faults_of_topics_and_templates(one)
        if "topic" not in one:
            yield f"{where}: has no topic"
