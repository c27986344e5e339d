"""Mqtt and what can go wrong at the broker: each on a real mosquitto, but for answers that it never gives."""

import json
import signal
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.health import State
from edged.outbox import Outbox
from edged.sinks.mqtt import BrokerConfig
from edged.sinks.mqtt.answers import MOST_TRIES, Verdict, jitter_s, verdict
from edged.sinks.mqtt.suspect import MOST_HANG_UPS, Suspect
from edged.sinks.mqtt.under_way import Sent
from tests.broker import Listener, free_port, wait_until
from tests.events import an_event
from tests.sinks.mqtt_box import Box
from tests.sinks.small_broker import SmallBroker


def seqs(listener):
    return list(dict.fromkeys(event["seq"] for event in listener.on("event/drones")))


def test_a_frozen_broker_is_noticed_and_gets_everything_when_it_thaws(brokers):
    """After about 1.5 times the keepalive; what waited meanwhile arrives in order."""
    broker = brokers()
    box, listener = Box(broker.port, keepalive_s=1), Listener(broker.port)
    wait_until(lambda: box.health.state is State.OK)
    broker.signal(signal.SIGSTOP)
    for number in range(40):
        box.outbox(an_event(number=number))
    wait_until(lambda: box.health.state is State.DEGRADED)
    assert len(box.outbox) == 40
    broker.signal(signal.SIGCONT)
    listener.wait_for(lambda it: len(seqs(it)) == 40)
    assert seqs(listener) == list(range(1, 41))
    assert box.outbox.wait_until_empty(5)
    box.close()
    listener.close()


def test_a_topic_that_the_broker_denies_does_not_block_the_rest(brokers, tmp_path):
    """The message goes to the dead letters with the broker's reason, is counted, and told as a gap."""
    acl = tmp_path / "acl"
    acl.write_text(
        "topic readwrite edged/box/event/allowed\ntopic readwrite edged/box/state\ntopic write edged/box/gap\n"
        "topic write edged/box/active/#\n"
    )
    broker = brokers(f"allow_anonymous true\nacl_file {acl}\n")
    path = tmp_path / "outbox.sqlite3"
    box, listener = Box(broker.port, path), Listener(broker.port, "edged/box/event/allowed")
    box.outbox(an_event(number=1, pipeline="denied"))
    box.outbox(an_event(number=2, pipeline="allowed"))
    listener.wait_for(lambda it: len(it.messages) == 1)
    assert box.outbox.wait_until_empty(5)
    assert box.health.snapshot().counters["refused"] == 1
    wait_until(box.outbox.gaps)
    assert box.outbox.gaps().ranges == [(1, 1)]
    box.close()
    listener.close()
    assert dead_letters(path) == [(1, "Not authorized (0x87)")]


def dead_letters(path):
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT seq, reason FROM refused").fetchall()
    finally:
        database.close()


@pytest.mark.parametrize("setting", ["message_size_limit 900", "max_packet_size 900"])
def test_a_message_that_is_too_long_for_the_broker_does_not_block_the_rest(brokers, setting):
    """By its word on the message, or by what it said it takes."""
    broker = brokers(f"allow_anonymous true\n{setting}\n")
    box, listener = Box(broker.port), Listener(broker.port)
    box.outbox(an_event(number=1))
    box.outbox(an_event(number=2, evidence={f"name_{n}": 1.5 for n in range(40)}))
    box.outbox(an_event(number=3))
    listener.wait_for(lambda it: seqs(it) == [1, 3])
    wait_until(box.outbox.gaps)
    assert box.outbox.gaps().ranges == [(2, 2)]
    box.close()
    listener.close()


def test_a_broker_without_room_is_asked_again_until_it_has_some():
    """Quota exceeded: nothing is dropped, order is kept."""
    answers = iter([0x97] * 30)
    broker = SmallBroker(lambda _payload: next(answers, 0))
    box = Box(broker.port)
    wait_until(lambda: box.health.state is State.OK)  # what is accepted before goes another way
    for number in range(10):
        box.outbox(an_event(number=number))
    assert box.outbox.wait_until_empty(20)
    assert [json.loads(payload)["seq"] for payload in broker.taken] == list(range(1, 11))
    box.close()
    broker.close()


def test_a_message_at_which_the_broker_hangs_up_each_time_does_not_block_the_rest():
    """As brokers of 3.1.1 do, which have no other way to say no."""
    broker = SmallBroker(lambda payload: None if b'"seq":2,' in payload else 0, newest=4)
    box = Box(broker.port)
    for number in range(4):
        box.outbox(an_event(number=number))
    assert box.outbox.wait_until_empty(20)
    assert list(dict.fromkeys(json.loads(payload)["seq"] for payload in broker.taken)) == [1, 3, 4]
    assert box.health.snapshot().counters["refused"] == 1
    box.close()
    broker.close()


def test_a_word_at_which_the_broker_hangs_up_each_time_is_left_out_until_there_is_another():
    """Or the box would come and go for ever, and events would be blamed for it."""
    broker = SmallBroker()
    take = broker.publication
    broker.publication = lambda client, body: b"bad" not in body and take(client, body)
    box = Box(broker.port)
    for topic, word in [("info", "bad"), ("health", "good")]:
        box.mqtt.retain(topic, word)
    for number in range(4):
        box.outbox(an_event(number=number))
    assert box.outbox.wait_until_empty(20)
    wait_until(lambda: "edged/box/health" in {topic for topic, _, _ in broker.publications})
    assert {json.loads(payload)["seq"] for payload in broker.taken} == {1, 2, 3, 4}
    box.mqtt.retain("info", "better")
    wait_until(lambda: ("edged/box/info", b"better") in {(topic, word) for topic, _, word in broker.publications})
    box.close()
    broker.close()


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=40))
def test_a_message_is_blamed_only_after_hang_ups_in_a_row(hang_ups):
    """Five on the same one; a connection that goes well clears it."""
    suspect, row, last = Suspect(), 0, 0
    for seq, went_well in hang_ups:
        row, last = (row + 1 if seq == last else 1), seq
        guilty = suspect.lost([Sent(lambda *_: None, seq, "event"), Sent(lambda *_: None, 9, "event")], 0.1, None)
        assert (guilty is not None) == (row == MOST_HANG_UPS)
        assert suspect.there_is_one == (guilty is None)
        if guilty or went_well:
            row = last = 0
            suspect.lasting(6.0)


def test_nothing_is_blamed_for_a_connection_that_ended_for_another_reason():
    """Long after the last message, with none under way, or as the broker says."""
    suspect, sent = Suspect(), [Sent(lambda *_: None, 1, "event")]
    for _ in range(2 * MOST_HANG_UPS):
        assert not suspect.lost([], 0.1, None)
        assert not suspect.lost(sent, 3.0, None)
        assert not suspect.lost(sent, 0.1, 0x8B)
    assert not suspect.there_is_one


def test_a_broker_that_does_not_speak_mqtt_5_is_spoken_to_in_3_1_1():
    """By itself, and health tells which."""
    broker = SmallBroker(newest=4)
    box = Box(broker.port)
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(10)
    assert broker.levels == [5, 4]
    assert box.health.snapshot().counters["mqtt_version"] == 3.11
    box.close()
    broker.close()


def test_the_next_broker_is_used_when_the_first_cannot_be_had(brokers):
    """And it hears ``online`` and all that is retained."""
    second = brokers()
    box = Box(free_port(), fallbacks=[BrokerConfig(host="127.0.0.1", port=second.port)])
    listener = Listener(second.port)
    listener.wait_for(lambda it: it.on("/state"))
    assert box.health.state is State.OK
    assert box.health.snapshot().counters["mqtt_version"] == 5
    box.close()
    listener.close()


def test_retained_topics_are_there_again_on_a_broker_that_lost_them(brokers):
    """It kept nothing over its restart; whoever subscribes after it gets them all the same."""
    broker = brokers()
    box = Box(broker.port)
    box.mqtt.retain("availability/microphone", "online")
    wait_until(lambda: box.health.state is State.OK)
    broker.stop(signal.SIGKILL)
    broker.start()
    wait_until(lambda: box.health.state is State.OK)
    listener = Listener(broker.port)
    listener.wait_for(lambda it: it.on("/state") and it.on("availability/microphone"))
    box.close()
    listener.close()


def test_what_was_dropped_while_the_broker_was_away_is_told_once_it_is_there(brokers, tmp_path):
    """One ``gap`` message with the ranges of ``seq`` and how many are gone; then it is forgotten."""
    path = tmp_path / "outbox.sqlite3"
    away = Outbox(path)
    for number in range(3):
        away(an_event(number=number))
    away.refuse(away.take(1).seq, "for the test")
    away.close()
    broker = brokers()
    listener = Listener(broker.port)
    box = Box(broker.port, path)
    listener.wait_for(lambda it: it.on("/gap") and seqs(it) == [2, 3])
    assert listener.on("/gap") == [{"schema_version": 1, "ranges": [[1, 1]], "dropped": 1}]
    wait_until(lambda: box.outbox.gaps() is None)
    assert all(event["delayed"] for event in listener.on("event/drones"))
    box.close()
    listener.close()


@given(st.integers(0, 255), st.integers(1, 100))
def test_every_reason_code_has_a_verdict(code, tries):
    """Success ends it; a quota is waited for; passing errors are tried a few times; the rest is refused."""
    found = verdict(code, tries)
    assert (found is Verdict.DONE) == (code == 0)
    if found is Verdict.AGAIN:
        assert code == 0x97 or tries < MOST_TRIES


@given(st.integers(1, 10_000), st.floats(0.1, 3600))
def test_the_pause_between_tries_is_bounded(tries, max_s):
    """A random part of what doubles with every try, up to the limit."""
    assert jitter_s(tries, max_s, lambda low, _high: low) == 0
    assert jitter_s(tries, max_s, lambda _low, high: high) == min(max_s, 2.0 ** min(tries - 1, 30))
