"""What Home Assistant makes of a box's real messages."""

import json
from dataclasses import replace

import pytest

from edged.home_assistant.discovery import announcement, encode
from edged.messages.event import Phase
from edged.messages.requests import RestartRequest, SetRequest
from tests.home_assistant.boxes import BOX, MODEL, ONLINE, active, an_event_message, health, info
from tests.home_assistant.fake_home_assistant import HomeAssistant


@pytest.fixture
def home():
    """A Home Assistant that has seen the box, whose parts are all there."""
    made = HomeAssistant()
    made.discover("homeassistant/device/box-1/config", encode(announcement(BOX).payload))
    say(made, "state", ONLINE.payload())
    say(made, "info", info())
    for part in (*BOX.sources, *BOX.accelerators):
        say(made, f"availability/{part}", b"online")
    for pipeline in BOX.pipelines:
        say(made, f"active/{pipeline}", active().payload())
    say(made, "health", health().payload())
    return made


def say(home, topic, payload):
    home.take(BOX.topic(topic), payload)


def test_a_drone_is_shown_while_it_is_heard(home):
    """From the first event to the last one's end, with the confidence of the surest."""
    assert (home["active_drones"].state, home["confidence_drones"].state) == ("off", "unknown")
    both = active(an_event_message(confidence=0.912), an_event_message(confidence=0.5))
    say(home, "active/drones", both.payload())
    assert (home["active_drones"].state, home["confidence_drones"].state) == ("on", "91.2")
    say(home, "active/drones", active().payload())
    assert (home["active_drones"].state, home["confidence_drones"].state) == ("off", "unknown")


def test_a_picture_of_a_face_is_nobody(home):
    """A spoof is an event, yet nobody is there."""
    say(home, "active/faces", active(an_event_message("spoof", "faces")).payload())
    assert home["active_faces"].state == "off"
    say(
        home, "active/faces", active(an_event_message("spoof", "faces"), an_event_message("unknown", "faces")).payload()
    )
    assert home["active_faces"].state == "on"


def test_the_last_person_is_who_was_seen_live(home):
    """Somebody whom nobody enrolled is a stranger; a spoof and what waited for the broker change nothing."""
    last = home["person_faces"]
    say(home, "event/faces", an_event_message("Zoë", "faces", delayed=True).payload())
    assert last.state == "unknown"
    for label, delayed, shown in [
        ('Ada "L" <x>', False, 'Ada "L" <x>'),
        ("Zoë", True, 'Ada "L" <x>'),
        ("spoof", False, 'Ada "L" <x>'),
        ("unknown", False, "Stranger"),
    ]:
        say(home, "event/faces", an_event_message(label, "faces", delayed=delayed, phase=Phase.UPDATE).payload())
        assert last.state == shown


def test_health_is_shown_with_its_reasons(home):
    """In the words of the box; every state that there is can be shown."""
    say(home, "health", health("degraded", ["sources.camera: frozen"]).payload())
    assert home["health"].state == "degraded"
    assert home["health"].attributes == {"reasons": ["sources.camera: frozen"]}
    assert (home["cpu_temperature"].state, home["outbox_waiting"].state) == ("51.5", "7.0")
    say(home, "health", health("failing", cpu_temperature_c=None).payload())
    assert (home["health"].state, home["cpu_temperature"].state) == ("failing", "unknown")


def test_where_the_models_run_is_shown(home):
    """Each device once; none while no model is loaded."""
    assert home["devices_in_use"].state == "usb:0"
    say(home, "info", info([MODEL, MODEL, MODEL.model_copy(update={"device": "cpu"})]))
    assert home["devices_in_use"].state == "cpu, usb:0"
    say(home, "info", info([]))
    assert home["devices_in_use"].state == "none"


def test_a_part_that_is_gone_is_shown_as_gone_and_what_depends_on_it_too(home):
    """No drone can be heard without a microphone; the camera's pipeline goes on."""
    say(home, "availability/microphone", b"offline")
    say(home, "availability/usb-0", b"offline")
    assert (home["source_microphone"].state, home["accelerator_usb-0"].state) == ("off", "off")
    assert (home["active_drones"].state, home["active_faces"].state) == ("unavailable", "off")


def test_a_box_that_is_gone_shows_nothing(home):
    """Its last will is enough."""
    say(home, "state", ONLINE.model_copy(update={"state": "offline"}).payload())
    assert {entity.state for entity in home.registry.values()} == {"unavailable"}


def test_a_pipeline_that_is_off_does_not_look_like_a_quiet_one(home):
    """Its switch is off, and what it would see is not known."""
    say(home, "info", info(drones=False))
    assert (home["enabled_drones"].state, home["active_drones"].state) == ("off", "unavailable")
    assert (home["enabled_faces"].state, home["active_faces"].state) == ("on", "off")


@pytest.mark.parametrize(("value", "enabled"), [("ON", True), ("OFF", False)])
def test_a_switch_asks_for_a_change_of_its_pipeline(home, value, enabled):
    """The request is one that the box takes, with its time."""
    topic, payload = home["enabled_faces"].ask(value)
    request = SetRequest.model_validate_json(payload)
    assert topic == "edged/box-1/request/set"
    assert (request.pipeline, request.enabled, request.at is None) == ("faces", enabled, False)


@pytest.mark.parametrize(("key", "part"), [("restart", "daemon"), ("restart_drones", "drones")])
def test_a_button_asks_for_a_restart_and_no_two_presses_are_the_same_request(home, key, part):
    """What is pressed twice happens twice."""
    topic, payload = home[key].ask("PRESS")
    first, second = (RestartRequest.model_validate_json(each) for each in (payload, home[key].ask("PRESS")[1]))
    assert topic == "edged/box-1/request/restart"
    assert (first.part, first.at is None) == (part, False)
    assert first.transaction != second.transaction


def test_the_device_says_where_it_is_and_what_runs_on_it(home):
    """Area and version; a box without a place proposes none."""
    assert (home.device["suggested_area"], home.device["sw_version"]) == ("Field", "0.1.0")
    nowhere = json.loads(encode(announcement(replace(BOX, area=None)).payload))
    assert "sa" not in nowhere["dev"]
