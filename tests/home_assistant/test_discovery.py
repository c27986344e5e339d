"""The announcement: valid by Home Assistant's own rules, complete, and short enough."""

import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.home_assistant.abbreviations import SHORT
from edged.home_assistant.box import Box, BoxPipeline
from edged.home_assistant.discovery import MOST_BYTES, announcement, encode, read, without
from tests.home_assistant import rules
from tests.home_assistant.boxes import BOX, big_box

TOPIC = "homeassistant/device/box-1/config"
SLUGS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=40)
PIPELINES = st.builds(BoxPipeline, st.sampled_from(["drones", "faces", "objects"]), SLUGS, st.booleans())
BOXES = st.builds(
    Box,
    device=SLUGS,
    name=st.text(min_size=1, max_size=40),
    area=st.none() | st.text(min_size=1, max_size=40),
    version=st.just("0.1.0"),
    root=SLUGS.map("edged/{}".format),
    health_interval_s=st.floats(1, 3600),
    pipelines=st.dictionaries(SLUGS.filter(lambda name: not name.startswith("sure-")), PIPELINES, max_size=6),
    confirmations=st.lists(SLUGS.map(lambda name: f"sure-{name}"[:40]), max_size=3, unique=True).map(tuple),
    sources=st.dictionaries(SLUGS, st.just("camera"), max_size=3),
    accelerators=st.lists(SLUGS, max_size=2, unique=True).map(tuple),
    commands=st.frozensets(st.sampled_from(["ping", "set", "restart"])),
)


def announced(box):
    """As Home Assistant reads it."""
    return rules.spelt_out(json.loads(encode(announcement(box).payload)))


@given(BOXES)
def test_what_any_box_announces_is_valid_by_home_assistants_rules(box):
    """Names and numbers of whatever kind: no rule is broken, no id stands twice, and it fits."""
    topic = f"homeassistant/device/{box.device}/config"
    assert rules.faults(topic, announced(box)) == []
    assert len(encode(announcement(box).payload)) <= MOST_BYTES


@given(BOXES)
def test_what_is_announced_is_read_back(box):
    """A box that starts anew learns from the broker which entities it announced, and which it took away."""
    made = announcement(box)
    held = read(encode(without(made, {"gone": "sensor"})))
    assert (held.ours, held.platforms, held.removed) == (True, made.platforms, {"gone"})


@given(st.binary(max_size=80) | st.recursive(st.none() | st.text(), st.lists, max_leaves=5).map(json.dumps))
def test_rubbish_is_nobodys_announcement(payload):
    """Whatever stands at the broker is read without a fault."""
    held = read(payload if isinstance(payload, bytes) else payload.encode())
    assert (held.ours, held.platforms) == (False, {})


@pytest.mark.parametrize("origin", [b'"o":{"name":"zigbee2mqtt"}', b'"origin":{}', b'"x":1'])
def test_what_another_program_announces_is_known_as_such(origin):
    """By its origin, whether spelt out or not."""
    assert read(b'{"cmps":{"a":{"p":"sensor","name":"b"}},' + origin + b"}").others


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("components", "active_drones", "device_class"), "drone"),
        (("components", "active_drones", "payload_On"), "x"),
        (("components", "active_drones", "unique_id"), ""),
        (("components", "cpu_temperature", "unit_of_measurement"), "%"),
        (("components", "health", "options"), []),
        (("components", "health", "entity_category"), "config"),
        (("components", "restart", "platform"), "knob"),
        (("components", "restart", "command_template"), "{{ value"),
        (("device", "identifiers"), []),
        (("availability",), [{"topic": "a/#"}]),
        (("origin",), {}),
    ],
)
def test_the_rules_find_what_is_wrong(path, value):
    """A rule that finds nothing would prove nothing."""
    payload = copy.deepcopy(announced(BOX))
    place = payload
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert len(rules.faults(TOPIC, payload)) == 1


def test_short_names_are_those_that_home_assistant_knows():
    """No name is shortened in a way of our own."""
    known = {**rules.SHORT, **rules.SHORT_IN_DEVICE, **rules.SHORT_IN_ORIGIN}
    assert {short: known[short] for short in SHORT.values()} == {short: name for name, short in SHORT.items()}


def test_eight_pipelines_with_all_commands_are_announced_in_full():
    """That is what there is room for."""
    made = announcement(big_box(8))
    assert made.left_out == 0
    assert len(encode(made.payload)) <= MOST_BYTES


def test_of_too_much_the_least_telling_is_left_out():
    """What was detected and how the box is stays; what is left out is counted."""
    made = announcement(big_box(20, 40))
    assert len(encode(made.payload)) <= MOST_BYTES
    assert made.left_out > 0
    wanted = {f"active_{name}" for name in big_box(20, 40).pipelines} | {"health", "cpu_temperature"}
    assert wanted <= set(made.platforms)


def test_what_is_not_allowed_is_not_offered():
    """No button and no switch without the command behind it."""
    platforms = announcement(replace(BOX, commands=frozenset({"ping"}))).platforms
    assert not {"button", "switch"} & set(platforms.values())


def test_a_pipeline_that_is_off_is_shown_only_where_it_can_be_switched_on():
    """What nobody can use is not shown; its switch is."""
    off = {"drones": BoxPipeline("drones", "microphone", enabled=False)}
    switchable = announcement(replace(BOX, pipelines=off)).platforms
    assert {"active_drones", "enabled_drones"} <= set(switchable)
    assert "restart_drones" not in switchable
    fixed = announcement(replace(BOX, pipelines=off, commands=frozenset())).platforms
    assert not [key for key in fixed if "drones" in key]


def test_a_pipeline_of_a_kind_that_is_new_is_shown_by_its_own_name():
    """What every pipeline has is shown of it."""
    scents = {"gate": BoxPipeline("scents", "nose", enabled=True)}
    assert announced(replace(BOX, pipelines=scents))["components"]["active_gate"]["name"] == "Scents (gate)"


def test_nothing_of_health_outlives_three_intervals():
    """A box that hangs does not look alive."""
    components = announced(replace(BOX, health_interval_s=10.5))["components"]
    assert {components[key]["expire_after"] for key in ("health", "cpu_temperature", "outbox_waiting")} == {32}
