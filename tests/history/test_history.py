"""History as a follower: in nobody's way, bounded in each direction, and readable while it is written."""

import sqlite3
import threading
from contextlib import closing

import pytest

from edged.errors import EdgedError
from edged.history.filter import Filter
from edged.history.history import COMMIT_S, MOST_MESSAGES
from edged.history.pending import MOST_EVENTS, Pending
from edged.history.reader import ALIVE_S, Standing, reading
from edged.history.upkeep import MOST_WRITTEN, UPKEEP_S
from edged.messages.event import Phase
from edged.messages.health import State
from edged.outbox import Outbox
from edged.runtime.health import Health
from tests.events import an_event
from tests.history.boxes import EPOCH_S, Box, a_message


def test_every_event_of_an_outbox_is_kept(tmp_path):
    """One row an event, with its number of updates, whatever thread it came on."""
    box = Box(tmp_path)
    box.history.start()
    outbox = Outbox()
    outbox.follow(box.history)
    for number in range(3):
        for phase in (Phase.START, Phase.END):
            outbox(an_event(phase, number))
    outbox.close()
    box.history.stop(5)
    events = box.events()
    assert [event.id for event in events] == [f"{number:026d}" for number in range(3)]
    assert all(event.ended_s == EPOCH_S + 3.5 for event in events)
    assert (box.path.stat().st_mode & 0o777, box.health.state) == (0o600, State.OK)


def test_a_writer_that_is_stuck_holds_nobody_up(tmp_path):
    """What does not fit into its queue is dropped and counted; no thread waits."""
    box = Box(tmp_path)
    for seq in range(MOST_MESSAGES + 7):
        box.history(a_message(number=seq, seq=seq + 1))
    box.history.step()
    assert len(box.events()) == MOST_MESSAGES
    assert box.health.snapshot().counters == {"dropped": 7}
    box.kill()


def test_of_what_waits_for_a_disk_the_newest_is_kept():
    """Bounded too."""
    health = Health().part("history")
    pending = Pending(health, most_events=3)
    for number in range(5):
        pending.add(a_message(number=number))
        pending.add(a_message(Phase.END, number))
    assert [int(record.id) for record in pending.events] == [2, 3, 4]
    assert health.snapshot().counters == {"dropped": 2}
    assert MOST_EVENTS < 10_000


def test_nothing_is_written_while_nothing_happens(tmp_path):
    """But that it is alive, once a minute: kind to SD cards."""
    box = Box(tmp_path)
    box.tell(a_message())
    seen = [box.runs()[0].seen_s]
    for _ in range(24):
        box.pass_s(COMMIT_S)
        box.history.step()
        seen.append(box.runs()[0].seen_s)
    assert len(set(seen)) == 3
    box.kill()


@pytest.mark.parametrize("synchronised", [True, None, False])
def test_what_is_too_old_goes_unless_the_clock_is_wrong(tmp_path, synchronised):
    """A clock that is known not to be right deletes nothing."""
    box = Box(tmp_path, max_age_days=1, synchronised=synchronised)
    box.tell(a_message(number=1))
    box.pass_s(86400 - 200)
    box.tell(a_message(number=2, start_s=80000.0, end_s=80001.0))
    box.pass_s(200)
    box.history.step()
    assert [int(event.id) for event in box.events()] == ([1, 2] if synchronised is False else [2])
    box.kill()


def test_the_oldest_go_when_the_file_is_full(tmp_path):
    """It takes no more room than it may, and gives what is free back to the disk."""
    box = Box(tmp_path, max_bytes=2**20)
    for number in range(2000):
        box.history(a_message(number=number, seq=number + 1, start_s=number / 1000, end_s=3.0))
        if not number % 100:
            box.history.step()
    box.pass_s(UPKEEP_S)
    box.history.step()
    left = [int(event.id) for event in box.events()]
    assert left == list(range(left[0], 2000))
    assert 300 < len(left) < 1500
    box.stop()
    assert box.path.stat().st_size <= 2**20


def test_much_at_once_is_made_smaller_before_a_minute_has_passed(tmp_path):
    """So that a storm of events does not fill the disk."""
    box, most = Box(tmp_path, max_events=10), 0
    for number in range(1800):
        box.history(a_message(number=number, seq=number + 1))
        if not number % 100:
            box.history.step()
            most = max(most, len(box.events()))
    assert 100 < most <= 10 + MOST_WRITTEN + 100
    box.kill()


def test_another_process_reads_while_the_box_writes(tmp_path):
    """A reader sees one moment, holds the writer up for nothing, and leaves no file behind."""
    box = Box(tmp_path)
    box.tell(a_message(number=1))
    with reading(box.path) as history:
        assert len(history.newest(Filter(), 10)) == 1
        box.tell(a_message(number=2))
        assert box.health.state is State.OK
        assert len(history.newest(Filter(), 10)) == 1
    assert len(box.events()) == 2
    box.stop()
    box.events()
    assert [path.name for path in tmp_path.iterdir()] == ["history.sqlite3"]


def test_an_event_is_on_until_it_ends_or_edged_does(tmp_path):
    """What a kill has cut short is told from what is on."""
    box = Box(tmp_path)
    box.tell(a_message(number=1), a_message(number=2), a_message(Phase.END, 2))
    assert standings(box) == [Standing.ON, Standing.ENDED]
    box.kill()
    box.pass_s(ALIVE_S)
    assert standings(box) == [Standing.CUT, Standing.ENDED]
    box.start()
    box.tell(a_message(number=3))
    assert standings(box) == [Standing.CUT, Standing.ENDED, Standing.ON]
    box.stop()
    assert standings(box) == [Standing.CUT, Standing.ENDED, Standing.CUT]


def test_an_end_that_the_next_start_tells_is_no_end_of_its_own(tmp_path):
    """After a kill the event stays cut short, whatever came first: the new life or the end that it tells."""
    box = Box(tmp_path)
    box.tell(a_message(number=1), a_message(number=2))
    box.kill()
    box.start()
    box.tell(a_message(Phase.END, 1, cut_short=True), a_message(Phase.END, 3, cut_short=True), a_message(Phase.END, 4))
    assert standings(box) == [Standing.CUT, Standing.CUT, Standing.CUT, Standing.ENDED]
    assert [record.ended_s is None for record in box.events()] == [False, True, False, False]
    assert [int(record.id) for record in box.events(without_end=True)] == [1, 2, 3]
    box.stop()


def standings(box):
    with reading(box.path) as history:
        return [history.standing(record, box.unix_s) for record in history.events(Filter())]


def test_lives_of_edged_are_kept_with_their_end(tmp_path):
    """A stop says when; after a kill it is known when it was last alive."""
    box = Box(tmp_path)
    box.tell()
    box.pass_s(UPKEEP_S)
    box.history.step()
    box.kill()
    box.pass_s(1000)
    box.start()
    box.history.step()
    box.pass_s(10)
    box.stop()
    first, second = box.runs()
    assert (first.boot_id, first.started_s, first.seen_s, first.stopped_s) == (
        "boot-1",
        EPOCH_S + 100,
        EPOCH_S + 160,
        None,
    )
    assert (second.started_s, second.stopped_s) == (EPOCH_S + 1160, EPOCH_S + 1170)
    with reading(box.path) as history:
        assert [run.number for run in history.runs(EPOCH_S + 500)] == [2]
        assert [run.number for run in history.runs(until_s=EPOCH_S + 500)] == [1]


def test_a_life_that_is_over_at_once_has_an_end(tmp_path):
    """As of a box whose configuration asks for too much."""
    box = Box(tmp_path)
    box.stop()
    assert [run.stopped_s for run in box.runs()] == [EPOCH_S + 100]


def test_events_are_found_by_what_they_are(tmp_path):
    """Each filter alone, and all of them together."""
    box = Box(tmp_path)
    for number in range(6):
        box.history(
            a_message(
                (Phase.START, Phase.END)[number % 2],
                number,
                pipeline="ab"[number % 2],
                label=("drone", "bird")[number // 3],
                confidence=number / 10,
                start_s=float(number),
                end_s=9.0,
            )
        )
    box.history.step()

    def found(**wanted):
        return [int(event.id) for event in box.events(**wanted)]

    assert found(since_s=EPOCH_S + 2, until_s=EPOCH_S + 4) == [2, 3]
    assert (found(pipeline="a"), found(label="bird")) == ([0, 2, 4], [3, 4, 5])
    assert (found(min_confidence=0.4), found(without_end=True)) == ([4, 5], [0, 2, 4])
    assert found(since_s=EPOCH_S + 1, pipeline="a", label="bird", min_confidence=0.1, without_end=True) == [4]
    with reading(box.path) as history:
        assert [int(event.id) for event in history.newest(Filter(), 2)] == [4, 5]
        assert len(history.beginning_with("0" * 25, 4)) == 4
        assert [int(event.id) for event in history.beginning_with(f"{3:026d}", 4)] == [3]
    box.kill()


def test_a_history_that_is_not_there_or_of_another_edged_is_told_with_the_remedy(tmp_path):
    """No file is made by looking."""
    with pytest.raises(EdgedError, match=r"is not there: edged makes it when it runs with history\.enabled"):
        Box(tmp_path).events()
    assert not list(tmp_path.iterdir())
    box = Box(tmp_path)
    box.tell(a_message())
    box.stop()
    with closing(sqlite3.connect(box.path)) as database:
        database.execute("PRAGMA user_version = 9")
    with pytest.raises(EdgedError, match="has tables of version 9, this edged reads 1"):
        box.events()


def test_the_thread_ends_when_it_is_told_to(tmp_path):
    """Having written what was told last."""
    box = Box(tmp_path)
    box.history.start()
    box.history(a_message(number=5))
    box.history.stop(5)
    assert len(box.events()) == 1
    assert "history" not in {thread.name for thread in threading.enumerate()}
