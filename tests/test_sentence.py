"""Sentence: a person who asks systemd what the box is doing gets an answer that is true."""

import pytest

from edged.messages.health import State
from edged.pipelines.drones import DronesConfig
from edged.pipelines.faces import FacesConfig
from edged.runtime.health import Health
from edged.sentence import sentence


@pytest.fixture
def health():
    """Two sources that are well."""
    made = Health(lambda: 0.0)
    for name in ("microphone", "camera"):
        made.part(f"sources.{name}").set(State.OK)
    return made


def test_it_tells_what_the_box_hears_and_sees_and_what_waits(health):
    """Each source once, however many pipelines listen to it."""
    running = [DronesConfig(), DronesConfig(), FacesConfig()]
    assert sentence(running, health.parts(), 1, 12, "host:1883") == (
        "hears through microphone; sees through camera; 1 event on; 12 messages wait for the broker at host:1883"
    )


@pytest.mark.parametrize(("events", "waiting", "broker"), [(0, 0, "host:1883"), (0, 3, None)])
def test_what_is_nothing_is_not_told(health, events, waiting, broker):
    """Without a broker nothing waits for it."""
    assert sentence([DronesConfig()], health.parts(), events, waiting, broker) == "hears through microphone"


def test_a_source_that_fails_is_not_heard_through(health):
    """What is wrong is told, the first of it with its reason."""
    health.part("sources.microphone").set(State.FAILING, "gave nothing for 4 s")
    health.part("gallery").set(State.DEGRADED, "upkeep fails")
    health.part("sinks.mqtt").set(State.DEGRADED, "not connected")
    assert sentence([DronesConfig()], health.parts(), 2, 1, "host:1883") == (
        "hears and sees nothing; 2 events on; 1 message waits for the broker at host:1883; "
        "failing: sources.microphone gave nothing for 4 s, gallery upkeep fails, and 1 more"
    )


def test_a_box_that_has_no_pipeline_on_says_so(health):
    """All are switched off."""
    assert sentence([], health.parts(), 0, 0, None) == "hears and sees nothing"
