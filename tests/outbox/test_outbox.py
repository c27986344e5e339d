"""Outbox: every event goes through it, numbered without a hole, and stays until the broker has it."""

import threading

import pytest

from edged.messages.event import Phase
from edged.outbox import Outbox, OutboxConfig
from tests.events import an_event

FAST = OutboxConfig(batch_s=0.02, drain_per_s=100_000)


@pytest.fixture(params=["disk", "memory"])
def outbox(request, tmp_path):
    made = Outbox(tmp_path / "outbox.sqlite3" if request.param == "disk" else None, FAST)
    yield made
    made.close()


def wait_for(condition):
    for _ in range(500):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError


def take_all(outbox, timeout_s=0.05):
    messages = []
    while taken := outbox.take(timeout_s):
        messages.append(taken.message)
    return messages


def test_events_are_numbered_in_order_and_followers_are_told(outbox):
    """``seq`` counts from 1 without a hole, across pipelines."""
    told = []
    outbox.follow(told.append)
    for number in range(5):
        outbox(an_event(number=number, pipeline="a" if number % 2 else "b"))
    assert [message.seq for message in told] == [1, 2, 3, 4, 5]
    assert [message.id[-1] for message in told] == list("01234")


def test_a_message_is_taken_once_and_waits_until_it_is_acknowledged(outbox):
    """Taking is not delivering: it counts as waiting until the broker's word."""
    outbox(an_event())
    first = outbox.take(0.1)
    assert first is not None
    assert outbox.take(0.01) is None
    assert len(outbox) == 1
    outbox.acknowledge(first.seq)
    assert len(outbox) == 0
    assert outbox.wait_until_empty(5.0)


def test_many_pipelines_at_once_lose_nothing(outbox):
    """Events accepted from several threads are all there, each number once."""
    threads = [
        threading.Thread(target=lambda name=name: [outbox(an_event(pipeline=name)) for _ in range(100)])
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outbox.take(0.1).seq for _ in range(400)] == list(range(1, 401))


def test_a_follower_that_waits_for_an_acknowledgement_is_not_waited_for_in_turn(outbox):
    """The broker's thread acknowledges while a follower still runs: neither waits for the other (a deadlock once)."""
    acknowledged = threading.Event()

    def follower(message):
        def acknowledge():
            outbox.acknowledge(message.seq)
            acknowledged.set()

        threading.Thread(target=acknowledge, daemon=True).start()
        assert acknowledged.wait(5)

    outbox.follow(follower)
    outbox(an_event())
    assert len(outbox) == 0


def test_an_update_follows_within_the_batch_and_not_before_it_is_kept(outbox):
    """Followers see it when it is on the disk; a start or an end that comes meanwhile takes it along, in order."""
    told = []
    outbox.follow(lambda message: told.append((message.seq, message.phase)))
    outbox(an_event(Phase.START))
    outbox(an_event(Phase.UPDATE))
    outbox(an_event(Phase.END))
    assert told == [(1, "start"), (2, "update"), (3, "end")]
    outbox(an_event(Phase.UPDATE, 7))
    wait_for(lambda: len(told) == 4)


def test_of_waiting_updates_only_the_newest_of_each_event_is_sent(outbox):
    """In place of the older one, so that there is no hole; starts and ends are all there."""
    outbox(an_event(Phase.START, 1))
    for confidence in (0.5, 0.6, 0.7):
        outbox(an_event(Phase.UPDATE, 1, confidence=confidence))
        outbox(an_event(Phase.START, 100))
    outbox(an_event(Phase.END, 1))
    sent = take_all(outbox)
    assert [(it.phase, it.id[-3:]) for it in sent] == [
        ("start", "001"),
        ("update", "001"),
        *[("start", "100")] * 3,
        ("end", "001"),
    ]
    assert sent[1].confidence == 0.7
    assert [it.seq for it in sent] == list(range(1, 7))


def test_an_update_that_is_under_way_is_not_replaced(outbox):
    """What the broker may have already gets a successor instead."""
    outbox(an_event(Phase.UPDATE))
    assert outbox.take(5).seq == 1
    outbox(an_event(Phase.UPDATE))
    assert outbox.take(5).seq == 2


def test_live_events_go_before_what_waited(tmp_path):
    """The backlog keeps its order and rate; an event's end waits for its own start alone, not for the backlog."""
    outbox = Outbox(tmp_path / "outbox.sqlite3", OutboxConfig(drain_per_s=1))
    for number in range(10):
        outbox(an_event(number=number))
    outbox.reconnected()
    assert outbox.take(0).seq == 1
    outbox(an_event(number=50))
    outbox(an_event(Phase.END, number=7))
    assert [outbox.take(0).seq for _ in range(3)] == [11, 8, 12]
    assert outbox.take(0) is None
    assert outbox.take(2).seq == 2
    outbox.close()


def test_what_is_put_back_comes_again_in_its_order(outbox):
    """A broker that cannot take it now gets it later, before what is younger."""
    for number in range(5):
        outbox(an_event(number=number))
    for seq in (outbox.take(1).seq, outbox.take(1).seq):
        outbox.put_back(seq)
    assert [it.seq for it in take_all(outbox)] == [1, 2, 3, 4, 5]
    outbox.reconnected()
    for seq in (4, 2):
        outbox.put_back(seq)
    assert [it.seq for it in take_all(outbox)] == [2, 4]


def test_what_is_refused_for_good_is_put_aside_and_named_as_a_gap(outbox):
    """It does not block the rest; its number is told, with how many are gone."""
    for number in range(3):
        outbox(an_event(number=number))
    outbox.take(1)
    outbox.refuse(1, "not authorised")
    wait_for(outbox.gaps)
    assert outbox.gaps().model_dump() == {"schema_version": 1, "ranges": [(1, 1)], "dropped": 1}
    outbox.forget_gaps(outbox.gaps())
    assert outbox.gaps() is None
    assert [it.seq for it in take_all(outbox)] == [2, 3]


def test_full_it_drops_the_oldest_updates_first_then_the_oldest_events(tmp_path):
    """Each drop is counted and its number told; starts and ends outlive updates."""
    outbox = Outbox(tmp_path / "outbox.sqlite3", OutboxConfig(max_bytes=2**20, drain_per_s=100_000))
    for number in range(600):
        outbox(an_event(Phase.UPDATE, number))
        outbox(an_event(Phase.START, number))
    gone = outbox.gaps()
    assert outbox.dropped == gone.dropped > 0
    kept = {it.seq: it for it in take_all(outbox)}
    assert len(kept) + gone.dropped == 1200
    missing = set(range(1, 1201)) - set(kept)
    assert all(any(first <= seq <= last for first, last in gone.ranges) for seq in missing)
    assert {seq for seq in missing if seq % 2} == set(range(1, 2 * sum(seq % 2 for seq in missing), 2))
    assert (tmp_path / "outbox.sqlite3").stat().st_size < 1.3 * 2**20
    outbox.close()
