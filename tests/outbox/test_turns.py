"""Turns: whoever asks goes on when the work was done after asking; many who ask meanwhile cost one time."""

import threading

import pytest

from edged.outbox.turns import Turns


def test_those_who_ask_while_it_works_are_served_together():
    """However many they are: once more."""
    begun, go_on, times = threading.Event(), threading.Event(), []

    def work():
        times.append(len(asking))
        begun.set()
        assert go_on.wait(10)

    asking: list[threading.Thread] = []
    turns = Turns(work)
    for _ in range(8):
        asking.append(threading.Thread(target=turns.ask))
        asking[-1].start()
        assert begun.wait(10)
    while turns.asked < 8:
        threading.Event().wait(0.001)
    assert times == [1]
    go_on.set()
    for thread in asking:
        thread.join(10)
    assert times == [1, 8]


def test_whoever_returns_was_served_after_asking():
    """Many threads bring something and find it done when the call returns; no two do it at once."""
    brought, done, busy, wrong = [], set(), threading.Lock(), []

    def work():
        if not busy.acquire(blocking=False):
            wrong.append("two at once")
            return
        done.update(list(brought))
        busy.release()

    turns = Turns(work)

    def bring(name):
        for number in range(200):
            brought.append((name, number))
            turns.ask()
            if (name, number) not in done:
                wrong.append((name, number))

    threads = [threading.Thread(target=bring, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not wrong
    assert len(done) == 800


def test_a_fault_goes_to_the_thread_that_met_it_and_the_next_is_served():
    """It leaves nothing locked."""
    faults = [ValueError("once")]
    turns = Turns(lambda: (_ for _ in ()).throw(faults.pop()) if faults else None)
    with pytest.raises(ValueError, match="once"):
        turns.ask()
    turns.ask()
    assert not faults
