"""How loud it is, as Home Assistant shows it."""

import json
from dataclasses import replace

import pytest

from edged.home_assistant.box import BoxLevel, BoxPipeline
from edged.home_assistant.discovery import announcement, encode
from edged.messages.level import LevelMessage
from tests.home_assistant.boxes import BOX, ONLINE, info
from tests.home_assistant.fake_home_assistant import HomeAssistant

LEVEL = LevelMessage(
    pipeline="yard",
    source="microphone",
    at="2026-11-21T07:38:05.123Z",
    duration_s=10.0,
    rms_dbfs=-22.18,
    peak_dbfs=-12.61,
    a_weighted_dbfs=-24.99,
    a_weighted_db_spl=None,
    third_octaves_dbfs={"1000": -38.08},
)
CALIBRATED = LEVEL.model_copy(update={"a_weighted_db_spl": 69.01})


def shown(level, name="yard"):
    """A Home Assistant that knows the box, all there, with one pipeline that hears; and its announcement."""
    box = replace(BOX, pipelines={name: BoxPipeline("sounds", "microphone", enabled=True, level=level)})
    home, payload = HomeAssistant(), encode(announcement(box).payload)
    home.discover("homeassistant/device/box-1/config", payload)
    for topic, said in (
        ("state", ONLINE.payload()),
        ("availability/microphone", b"online"),
        ("info", info(**{name: True})),
    ):
        home.take(box.topic(topic), said)
    return home, json.loads(payload)["cmps"]


@pytest.mark.parametrize(
    ("calibrated", "message", "state", "unit", "device_class"),
    [(True, CALIBRATED, "69.01", "dBA", "sound_pressure"), (False, LEVEL, "-22.18", "dBFS", None)],
)
def test_how_loud_it_is_is_shown_as_sound_pressure_only_where_it_is_one(calibrated, message, state, unit, device_class):
    """For Home Assistant dBFS is no unit of sound pressure: it has no class, and an icon in its place."""
    home, components = shown(BoxLevel(interval_s=10.0, calibrated=calibrated))
    assert home["level_yard"].state == "unknown"
    home.take(BOX.topic("level/yard"), message.payload())
    assert home["level_yard"].state == state
    assert (components["level_yard"]["unit_of_meas"], components["level_yard"].get("dev_cla")) == (unit, device_class)
    assert components["level_yard"]["stat_cla"] == "measurement"


def test_a_level_does_not_outlive_three_intervals_nor_its_microphone():
    """What was loud then says nothing of now."""
    home, components = shown(BoxLevel(interval_s=2.5, calibrated=False))
    assert components["level_yard"]["exp_aft"] == 8
    home.take(BOX.topic("availability/microphone"), b"offline")
    assert home["level_yard"].state == "unavailable"


@pytest.mark.parametrize(("name", "title"), [("sounds", "Sound level"), ("yard", "Sound level (yard)")])
def test_a_level_is_named_after_its_pipeline(name, title):
    """Where that says more than its kind; and a pipeline that tells none shows none."""
    assert shown(BoxLevel(interval_s=10.0, calibrated=True), name)[1][f"level_{name}"]["name"] == title
    assert f"level_{name}" not in shown(None, name)[1]
