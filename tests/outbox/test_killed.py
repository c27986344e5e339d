"""Kill -9: what was accepted is there, whole and in order, whenever the process ended."""

import re
import subprocess
import sys
from pathlib import Path

from edged.outbox import Outbox, OutboxConfig
from edged.runtime.health import Health
from edged.sinks.mqtt import Mqtt, MqttConfig
from tests.broker import Broker, Listener

ROOT = Path(__file__).parents[2]


def accept_and_die(folder, times, longest_s, *port):
    """What the journal showed: seq, event and phase of each."""
    command = [sys.executable, "-m", "tests.outbox.accepting", folder, str(times), str(longest_s), *map(str, port)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=110)
    lines = (folder / "journal").read_text().splitlines()
    return [(int(seq), event, phase) for seq, event, phase in (line.split() for line in lines)]


def assert_events_in_order(messages):
    phases = {}
    for _, event, phase in messages:
        phases.setdefault(event, []).append(phase)
    for seen in phases.values():
        assert re.fullmatch("start( update)*( end)?", " ".join(seen)), seen


def test_what_the_journal_shows_survives_200_kills_at_random_instants(tmp_path):
    """Nothing shown as accepted is missing, no number twice, no event out of order."""
    shown = accept_and_die(tmp_path, 200, 0.03)
    outbox = Outbox(tmp_path / "outbox.sqlite3", OutboxConfig(drain_per_s=100_000))
    there = []
    while taken := outbox.take(0.05):
        message = taken.message
        there.append((message.seq, message.id, message.phase.value))
    outbox.close()
    assert len(shown) > 200
    assert set(shown) <= set(there)
    assert [seq for seq, _, _ in there] == list(range(1, len(there) + 1))
    assert_events_in_order(there)


def test_what_the_journal_shows_arrives_at_the_broker_in_spite_of_50_kills(tmp_path):
    """Nothing missing, nothing new under an old number, no event out of order; a reader drops duplicates by ``seq``."""
    broker = Broker(tmp_path)
    broker.start()
    listener = Listener(broker.port, "edged/box/event/#")
    shown = accept_and_die(tmp_path, 50, 0.15, broker.port)
    outbox = Outbox(tmp_path / "outbox.sqlite3", OutboxConfig(drain_per_s=100_000))
    mqtt = Mqtt(MqttConfig(host="127.0.0.1", port=broker.port), "box", outbox, Health().part("mqtt"))
    mqtt.start()
    assert outbox.wait_until_empty(30)
    mqtt.stop(4)
    outbox.close()
    listener.wait_for(lambda it: {seq for seq, _, _ in shown} <= {one.payload["seq"] for one in it.messages})
    arrived = [(it.payload["seq"], it.payload["id"], it.payload["phase"]) for it in listener.messages]
    listener.close()
    broker.stop()
    assert set(shown) <= set(arrived)
    assert sorted({seq for seq, _, _ in arrived}) == list(range(1, len(set(arrived)) + 1))
    assert_events_in_order(dict.fromkeys(arrived))
