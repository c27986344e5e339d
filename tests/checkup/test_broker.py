"""The check of the broker, at a real mosquitto."""

import json
import socket

import pytest

from edged.checkup.broker import check
from edged.runtime.finding import Level
from tests.broker import Broker
from tests.checkup.boxes import a_box, levels
from tests.sinks.mqtt_box import Box as MqttBox


def box_at(tmp_path, port, **mqtt):
    return a_box(tmp_path, device="box", mqtt={"host": "127.0.0.1", "port": port, **mqtt})


def test_a_visit_changes_nothing_and_pushes_nobody_out(tmp_path, broker, listener):
    """What a running box retains stays, and it stays connected; our own message comes back."""
    running = MqttBox(broker.port)
    try:
        listener.wait_for(lambda it: it.on("/state"))
        found = list(check(box_at(tmp_path, broker.port)))
        listener.wait_for(lambda it: it.on("/response/doctor"))
    finally:
        running.close()
    listener.wait_for(lambda it: len(it.on("/state")) == 2)
    assert {finding.level for finding in found} == {Level.OK}
    assert "came back after" in found[2].found
    assert "it says is online" in found[3].found
    assert running.counter("disconnected") == 0
    visit = [it for it in listener.messages if it.topic.endswith("/doctor")]
    assert [it.retained for it in visit] == [False, False]
    assert listener.on("/state") == [{"state": "online"}, {"state": "offline"}]


def test_nobody_at_the_door_is_a_fault_and_a_fallback_is_visited_instead(tmp_path, broker):
    """As a box does."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        fallbacks = [{"host": "127.0.0.1", "port": broker.port}]
        found = list(check(box_at(tmp_path, port, fallbacks=fallbacks)))
    assert [finding.level for finding in found] == [Level.FAULT] + [Level.OK] * 4
    assert "Connection refused" in found[0].found


@pytest.fixture
def strict(tmp_path):
    """A broker that lets nobody in without a password, and a box do what its ACL says."""
    (tmp_path / "acl").write_text("user box\ntopic write edged/box/state\n")
    (tmp_path / "passwords").write_text("")
    import subprocess

    subprocess.run(["mosquitto_passwd", "-b", tmp_path / "passwords", "box", "sesame"], check=True)
    running = Broker(tmp_path, f"allow_anonymous false\npassword_file {tmp_path}/passwords\nacl_file {tmp_path}/acl\n")
    running.start()
    yield running
    running.stop()


def test_who_may_not_publish_is_told_with_the_brokers_reason(tmp_path, strict):
    """A right too few is a fault; wrong credentials are another."""
    (tmp_path / "secret").write_text("sesame")
    mqtt = {"username": "box", "password_file": str(tmp_path / "secret")}
    found = list(check(box_at(tmp_path, strict.port, **mqtt)))
    faults = [finding for finding in found if finding.level is Level.FAULT]
    assert len(faults) == 1
    assert "Not authorized (0x87)" in faults[0].found
    assert "acl.boxes" in faults[0].remedy
    (tmp_path / "secret").write_text("wrong")
    found = list(check(box_at(tmp_path, strict.port, **mqtt)))
    assert [finding.level for finding in found] == [Level.FAULT]
    assert "mqtt.password_file" in found[0].remedy
    assert "wrong" not in str(found)


def test_a_secret_that_cannot_be_read_is_told_without_a_visit(tmp_path, broker):
    """With the remedy."""
    mqtt = {"username": "box", "password_file": str(tmp_path / "absent")}
    assert levels(check(box_at(tmp_path, broker.port, **mqtt))) == ["broker: fault"]


def test_a_box_without_a_broker_needs_none(tmp_path):
    """Nothing is connected to."""
    assert levels(check(a_box(tmp_path, mqtt={"enabled": False}))) == ["broker: ok"]


def test_the_answer_that_is_said_is_one_of_the_contract(tmp_path, broker, listener):
    """Whoever listens to all answers can read it."""
    list(check(box_at(tmp_path, broker.port)))
    listener.wait_for(lambda it: it.on("/response/doctor"))
    said = listener.on("/response/doctor")[0]
    assert said == {"status": "ok", "data": {}, "error": None, "transaction": None}
    json.dumps(said)
