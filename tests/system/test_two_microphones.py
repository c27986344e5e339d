"""`edged run` on two microphones: what befalls one is got over, and the pipeline of the other does not feel it."""

import time

import numpy as np
import pytest

from edged.synthesis import FlyOver, fly_over
from tests.system.programs import Running
from tests.two_microphones import two_microphones
from tests.virtual_microphone import missing

HISS = np.random.default_rng(0).normal(0, 0.003, 160_000)
NAMES = ("field", "gate")


@pytest.fixture
def microphones():
    """Both hear the wind."""
    if lacks := missing():
        pytest.skip(lacks)
    with two_microphones() as both:
        for one in (both.field, both.gate):
            one.play(HISS, loop=True)
        yield both


@pytest.fixture
def box(tmp_path, broker, microphones):
    """The running box, with a pipeline on each."""
    settings = {
        "device": "box",
        "sources": {name: {"type": "microphone", "device": name} for name in NAMES},
        "pipelines": {name: {"source": name} for name in NAMES},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
    }
    running = Running(tmp_path, settings, microphones.env)
    running.wait_until_ready()
    yield running
    running.stop()
    print("".join(running.log))  # noqa: T201  # shown when the test fails


def states(listener, name):
    return [health["parts"][f"sources.{name}"]["state"] for health in listener.on("/health")]


def phases(listener, name):
    return [event["phase"] for event in listener.on(f"event/{name}") if event["phase"] != "update"]


def flight(microphone, seconds):
    microphone.play(fly_over(FlyOver(duration_s=seconds, quiet_s=3)))


def test_a_microphone_that_is_plugged_in_under_another_number_is_heard_again_beside_another(box, listener, microphones):
    """Missed within 5 s, taken back by its name, and a drone before the other one is one event all the while."""
    listener.wait_for(lambda it: [states(it, name)[-1:] for name in NAMES] == [["ok"], ["ok"]])
    before, began = len(listener.on("/health")), time.time()
    microphones.pull_out()
    listener.wait_for(lambda it: it.on("availability/gate")[-1] == "offline", 10)
    offline = [message for message in listener.messages if message.topic.endswith("availability/gate")][-1]
    assert offline.at_s - began < 5
    flight(microphones.field, 20)
    listener.wait_for(lambda it: phases(it, "field") == ["start"], 15)
    microphones.plug_in_elsewhere("first", "gate_2")
    microphones.gate.play(HISS, loop=True)
    listener.wait_for(lambda it: it.on("availability/gate")[-1] == "online", 25)
    listener.wait_for(lambda it: phases(it, "field")[-1:] == ["end"], 25)
    assert phases(listener, "field") == ["start", "end"]
    assert phases(listener, "gate") == []
    assert set(states(listener, "field")[before:]) == {"ok"}
    assert listener.on("availability/field")[-1] == "online"
    flight(microphones.gate, 12)
    listener.wait_for(lambda it: phases(it, "gate") == ["start"], 15)
    assert box.stop() == 0
