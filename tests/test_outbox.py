"""Outbox: every event goes through it, numbered without a hole, and stays until the broker has it."""

import threading

from edged.outbox import Outbox
from tests.events import an_event


def test_events_are_numbered_in_order_and_followers_are_told():
    """``seq`` counts from 1 without a hole, across pipelines."""
    outbox, told = Outbox(), []
    outbox.follow(told.append)
    for number in range(5):
        outbox(an_event(number=number, pipeline="a" if number % 2 else "b"))
    assert [message.seq for message in told] == [1, 2, 3, 4, 5]
    assert [message.id[-1] for message in told] == list("01234")


def test_a_message_is_taken_once_and_waits_until_it_is_acknowledged():
    """Taking is not delivering: it counts as waiting until the broker's word."""
    outbox = Outbox()
    outbox(an_event())
    first = outbox.take(0.1)
    assert first is not None
    assert outbox.take(0.01) is None
    assert len(outbox) == 1
    outbox.acknowledge(first.seq)
    assert len(outbox) == 0
    assert outbox.wait_until_empty(0.0)


def test_full_it_drops_the_oldest_and_counts():
    """Bounded: what is dropped shows as a hole in ``seq`` and as a count."""
    outbox = Outbox(capacity=3)
    for number in range(5):
        outbox(an_event(number=number))
    assert outbox.dropped == 2
    assert [outbox.take(0.1).seq for _ in range(3)] == [3, 4, 5]


def test_many_pipelines_at_once_lose_nothing():
    """Events accepted from several threads are all there, each number once."""
    outbox = Outbox()
    threads = [
        threading.Thread(target=lambda name=name: [outbox(an_event(pipeline=name)) for _ in range(200)])
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outbox.take(0.1).seq for _ in range(800)] == list(range(1, 801))


def test_a_follower_that_waits_for_an_acknowledgement_is_not_waited_for_in_turn():
    """The broker's thread acknowledges while a follower still runs: neither waits for the other (a deadlock once)."""
    outbox, acknowledged = Outbox(), threading.Event()

    def follower(message):
        def acknowledge():
            outbox.acknowledge(message.seq)
            acknowledged.set()

        threading.Thread(target=acknowledge, daemon=True).start()
        assert acknowledged.wait(5)

    outbox.follow(follower)
    outbox(an_event())
    assert len(outbox) == 0
