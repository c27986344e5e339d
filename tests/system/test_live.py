"""`edged run` on a live microphone: PortAudio records from a virtual one, events arrive on a real broker."""

import time
from pathlib import Path

import numpy as np
import pytest

from edged.synthesis import FlyOver, fly_over
from tests.system.programs import Running, edged

OUTDOOR = Path(__file__).parents[2].parent / "shared/data/DroneDetectionThesis__Drone-detection-dataset/audio_16k"


@pytest.fixture
def box(tmp_path, broker, virtual_microphone):
    """The running box, listening to the virtual microphone."""
    settings = {
        "device": "box",
        "sources": {"microphone": {"type": "microphone", "device": virtual_microphone.device}},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
    }
    virtual_microphone.play(np.random.default_rng(0).normal(0, 0.003, 160_000), loop=True)
    running = Running(tmp_path, settings, virtual_microphone.env)
    running.wait_until_ready()
    yield running
    running.stop()
    print("".join(running.log))  # noqa: T201  # shown when the test fails


def state_of_microphone(listener):
    return [health["parts"]["sources.microphone"] for health in listener.on("/health")][-1:]


def in_state(*states):
    return lambda listener: any(part["state"] in states for part in state_of_microphone(listener))


def test_a_fly_over_before_the_microphone_is_an_event_on_the_broker(box, listener, virtual_microphone):
    """From sound in the air to a message: start while the drone is there, end after it, without delay."""
    listener.wait_for(in_state("ok"))
    config = FlyOver(duration_s=12, quiet_s=3)
    virtual_microphone.play(fly_over(config))
    listener.wait_for(lambda it: [event["phase"] for event in it.on("event/drones")][-1:] == ["end"], 30)
    start, end = listener.on("event/drones")[0], listener.on("event/drones")[-1]
    assert (start["phase"], start["label"]) == ("start", "drone")
    assert start["latency_ms"]["total"] < 500
    assert 3 <= end["duration_s"] <= 9


def test_after_a_loss_the_same_is_heard_again(box, listener, virtual_microphone):
    """The server of the sound dies after an event and comes back: the next drone is an event too."""
    listener.wait_for(in_state("ok"))
    flight = fly_over(FlyOver(duration_s=12, quiet_s=3))
    virtual_microphone.play(flight)
    listener.wait_for(lambda it: [event["phase"] for event in it.on("event/drones")][-1:] == ["end"], 30)
    heard = len(listener.on("event/drones"))
    virtual_microphone.kill()
    listener.wait_for(lambda it: it.on("availability/microphone")[-1] == "offline", 10)
    virtual_microphone.restart()
    listener.wait_for(lambda it: it.on("availability/microphone")[-1] == "online", 20)
    virtual_microphone.play(flight)
    listener.wait_for(lambda it: len(it.on("event/drones")) > heard, 15)


def test_the_microphones_of_the_machine_are_listed(virtual_microphone):
    """`edged devices` shows number, name, channels and rate, as the configuration wants them."""
    done = edged("devices", env=virtual_microphone.env)
    assert done.returncode == 0
    assert any(line.split()[1] == "vmic" and "channels" in line for line in done.stdout.splitlines())


@pytest.mark.skipif(not OUTDOOR.is_dir(), reason="../shared/data is not here")
def test_a_real_drone_outdoors_is_heard(box, listener, virtual_microphone):
    """A recording of a real one, through the whole box."""
    listener.wait_for(in_state("ok"))
    virtual_microphone.play(OUTDOOR / "DRONE_005.flac")
    listener.wait_for(lambda it: it.on("event/drones"), 20)
    assert listener.on("event/drones")[0]["label"] == "drone"


def test_a_dead_microphone_is_no_quiet_night(box, listener, virtual_microphone):
    """Silence, a stalled device, a frozen and a killed server: each is in health within 5 s, and got over."""
    listener.wait_for(in_state("ok"))
    for fault, wanted, cure in (
        (virtual_microphone.silence, "degraded", None),
        (virtual_microphone.starve, "failing", None),
        (virtual_microphone.freeze, "failing", virtual_microphone.thaw),
        (virtual_microphone.kill, "failing", virtual_microphone.restart),
    ):
        began = time.time()
        fault()
        listener.wait_for(in_state(wanted), 10)
        noticed = next(
            message.at_s
            for message in listener.messages
            if message.topic.endswith("/health")
            and message.at_s > began
            and message.payload["parts"]["sources.microphone"]["state"] == wanted
        )
        assert noticed - began < 5, fault.__name__
        if wanted == "failing":
            listener.wait_for(lambda it: it.on("availability/microphone")[-1:] == ["offline"], 2)
        if cure:
            cure()
        virtual_microphone.play(np.random.default_rng(1).normal(0, 0.003, 160_000), loop=True)
        listener.wait_for(in_state("ok"), 30)
    assert box.stop() == 0


def test_a_box_without_its_microphone_starts_and_hears_once_it_comes(tmp_path, broker, listener, virtual_microphone):
    """Absent at boot: the box is ready and says what is missing, and needs nobody when it is plugged in."""
    devices = virtual_microphone.folder / ".asoundrc"
    present = devices.read_text()
    devices.write_text("")
    virtual_microphone.play(np.random.default_rng(0).normal(0, 0.003, 160_000), loop=True)
    settings = {
        "device": "box",
        "sources": {"microphone": {"type": "microphone", "device": virtual_microphone.device}},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
    }
    running = Running(tmp_path, settings, virtual_microphone.env)
    try:
        running.wait_until_ready()
        listener.wait_for(in_state("failing"), 5)
        assert "microphone 'vmic': no such device" in state_of_microphone(listener)[-1]["reasons"][0]
        assert "info" in {message.topic.rpartition("/")[2] for message in listener.messages}
        devices.write_text(present)
        listener.wait_for(in_state("ok"), 12)
        listener.wait_for(lambda it: it.on("availability/microphone")[-1] == "online")
    finally:
        running.stop()
