"""Disk: full, read-only, damaged, used by another, or another day's: the box goes on, says so, and returns to it."""

import re
import sqlite3
import subprocess

import pytest

from edged.messages.event import Phase
from edged.messages.health import State
from edged.outbox import Outbox, OutboxConfig
from edged.outbox.config import outbox_path
from edged.outbox.written import Written
from edged.runtime.health import Health
from edged.runtime.machine import disk_written_bytes
from tests.events import an_event
from tests.outbox.clocks import Hands


class Box:
    """An outbox with a health of its own."""

    def __init__(self, path, hands=None, **config):
        self.health = Health().part("outbox")
        settings = OutboxConfig(drain_per_s=100_000, **config)
        self.outbox = Outbox(path, settings, self.health, (hands or Hands()).clock())

    def reasons(self):
        return " ".join(self.health.snapshot().reasons)

    def take_all(self):
        seqs = []
        while message := self.outbox.take(0.02):
            seqs.append(message.seq)
        return seqs


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB, and the commands that remount it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False).returncode:
        pytest.skip("no permission to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def remount(disk, how):
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


def test_on_a_full_disk_the_box_goes_on_from_memory_and_returns_to_it(small_disk):
    """FAILING with the remedy; what was accepted meanwhile is numbered on, sent, and on the disk when there is room."""
    box = Box(small_disk / "outbox.sqlite3")
    box.outbox(an_event(number=1))
    assert box.health.state is State.OK
    (small_disk / "filler").write_bytes(bytes(2**19))
    for number in range(2, 1000):
        box.outbox(an_event(number=number))
    assert box.health.state is State.FAILING
    assert "the disk is full: make room" in box.reasons()
    taken = [box.outbox.take(0.1).seq for _ in range(5)]
    for seq in taken:
        box.outbox.acknowledge(seq)
    box.outbox(an_event(number=1000))
    (small_disk / "filler").unlink()
    remount(small_disk, "size=8m")
    box.outbox.tend()
    assert box.health.state is State.OK
    box.outbox.close()
    again = Box(small_disk / "outbox.sqlite3")
    assert sorted({*again.take_all(), *taken}) == list(range(1, 1001))
    assert again.outbox.dropped == 0
    again.outbox.close()


def test_a_disk_that_becomes_read_only_stops_nothing(small_disk):
    """As remounted after an error of the card; what lay on it is sent when it is back, in order and once."""
    path = small_disk / "outbox.sqlite3"
    box = Box(path)
    for number in range(3):
        box.outbox(an_event(number=number))
    box.outbox.close()
    remount(small_disk, "ro")
    box = Box(path)
    assert box.health.state is State.FAILING
    assert re.search(r"outbox.sqlite3: Read-only file system; mount the disk read-write", box.reasons())
    box.outbox(an_event(number=3))
    sent = box.outbox.take(1)
    assert sent.seq > 3
    box.outbox.acknowledge(sent.seq)
    remount(small_disk, "rw")
    box.outbox.tend()
    box.outbox.reconnected()
    assert box.health.state is State.OK
    assert box.take_all() == [1, 2, 3]
    box.outbox(an_event(number=4))
    assert box.outbox.take(1).seq == sent.seq + 1
    box.outbox.close()


SAVED = {"header": {0}, "middle": range(150, 300), "not a database": {0}, "other version": {300}}


@pytest.mark.parametrize("damage", SAVED)
def test_a_damaged_file_is_set_aside_and_a_new_one_begins(tmp_path, damage):
    """Under a dated name, with numbers above all that the old one can have given; what can be read is saved."""
    path = tmp_path / "outbox.sqlite3"
    box = Box(path)
    for number in range(300):
        box.outbox(an_event(number=number))
    box.outbox.close()
    content = bytearray(path.read_bytes())
    match damage:
        case "header":
            content[:16] = b"x" * 16
        case "middle":
            content[8192 : 8192 + 40000] = b"\xa5" * 40000
        case "not a database":
            content = bytearray(b"hello")
        case "other version":
            content[60:64] = (99).to_bytes(4, "big")
    path.write_bytes(content)
    box = Box(path)
    (aside,) = tmp_path.glob("outbox.sqlite3.damaged-2023-11-14T*Z")
    assert len(aside.read_bytes()) == len(content)
    assert box.health.state is State.DEGRADED
    assert aside.name in box.reasons()
    box.outbox(an_event())
    assert box.outbox.take(1).seq > 300
    saved = box.take_all()
    assert len(saved) in SAVED[damage]
    assert saved == sorted(saved)
    assert not saved or f"{len(saved)} messages in it could be saved" in box.reasons()
    box.outbox.close()


def test_a_message_that_the_disk_has_garbled_does_not_block_the_rest(tmp_path):
    """It is put aside, and told as gone."""
    box = Box(tmp_path / "outbox.sqlite3")
    for number in range(3):
        box.outbox(an_event(number=number))
    box.outbox.close()
    database = sqlite3.connect(tmp_path / "outbox.sqlite3")
    database.execute("UPDATE waiting SET body = 'garbled' WHERE seq = 2")
    database.commit()
    database.close()
    box = Box(tmp_path / "outbox.sqlite3")
    assert box.take_all() == [1, 3]
    assert box.outbox.gaps().ranges == [(2, 2)]
    box.outbox.close()


def test_a_file_that_breaks_while_it_is_in_use_is_set_aside_too(tmp_path):
    """Health says so; numbers go on where they were."""
    path = tmp_path / "outbox.sqlite3"
    box = Box(path)
    for number in range(5000):  # more than SQLite holds in memory
        box.outbox(an_event(Phase.UPDATE, number=number))
    box.outbox(an_event(number=5000))
    for file in (path, path.with_name(path.name + "-wal")):
        file.write_bytes(b"\xa5" * file.stat().st_size)
    assert len(box.take_all()) < 5000
    assert box.health.state is State.DEGRADED
    assert "what waited in it is not sent" in box.reasons()
    box.outbox(an_event(number=5001))
    assert box.take_all() == [5002]
    box.outbox.close()


def test_no_more_than_three_damaged_files_are_kept(tmp_path):
    """The newest."""
    path, hands = tmp_path / "outbox.sqlite3", Hands()
    for _ in range(5):
        path.write_bytes(b"no database" * 1000)
        hands.pass_s(1)
        Box(path, hands).outbox.close()
    assert len(list(tmp_path.glob("*.damaged-*"))) == 3


def test_a_file_that_another_edged_holds_is_not_shared(tmp_path):
    """Two senders would send the same twice: the second goes on in memory and says why."""
    first = Box(tmp_path / "outbox.sqlite3")
    second = Box(tmp_path / "outbox.sqlite3")
    assert second.health.state is State.FAILING
    assert "another edged uses it" in second.reasons()
    first.outbox.close()
    second.outbox(an_event())
    second.outbox.tend()
    assert second.health.state is State.OK
    second.outbox.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """And memory bounds what waits there."""
    (tmp_path / "file").write_text("")
    box = Box(tmp_path / "file" / "outbox.sqlite3", max_bytes=2**20)
    assert "File exists; see to the disk" in box.reasons()
    for number in range(1500):
        box.outbox(an_event(number=number))
    assert box.outbox.dropped > 0
    box.outbox.close()


def test_numbers_go_on_after_a_restart_even_if_nothing_waits(tmp_path):
    """``seq`` is never given twice."""
    for number in range(1, 4):
        box = Box(tmp_path / "outbox.sqlite3")
        box.outbox(an_event(number=number))
        box.outbox.acknowledge(box.outbox.take(1).seq)
        box.outbox.close()
    box = Box(tmp_path / "outbox.sqlite3")
    assert len(box.outbox) == 0
    box.outbox(an_event())
    assert box.outbox.take(1).seq == 4
    box.outbox.close()


def test_an_update_from_before_a_restart_is_not_replaced(tmp_path):
    """Its number may have been seen."""
    for confidence in (0.1, 0.2):
        box = Box(tmp_path / "outbox.sqlite3")
        box.outbox(an_event(Phase.UPDATE, confidence=confidence))
        box.outbox.close()
    box = Box(tmp_path / "outbox.sqlite3")
    messages = [box.outbox.take(1).message, box.outbox.take(1).message]
    assert [(it.confidence, it.delayed) for it in messages] == [(0.1, True), (0.2, True)]
    box.outbox.close()


def test_health_tells_what_waits_and_what_is_written(tmp_path):
    """Bytes that were written to the outbox's disk in the last 24 hours; left out where it is none that is counted."""
    box = Box(tmp_path / "outbox.sqlite3")
    for number in range(10):
        box.outbox(an_event(number=number))
    box.outbox.tend()
    counters = box.health.snapshot().counters
    assert counters["waiting"] == 10
    assert counters.get("disk_written_bytes_24h", 0.0) >= 0
    assert ("disk_written_bytes_24h" in counters) is (disk_written_bytes(tmp_path) is not None)
    assert (tmp_path / "outbox.sqlite3").stat().st_mode & 0o777 == 0o600
    box.outbox.close()


def test_the_file_is_where_the_box_keeps_what_is_its_own(tmp_path):
    """Unless the configuration names a place."""
    assert outbox_path(OutboxConfig(), {"STATE_DIRECTORY": str(tmp_path)}) == tmp_path / "outbox.sqlite3"
    assert outbox_path(OutboxConfig(path=tmp_path / "x"), {}) == tmp_path / "x"


def test_written_bytes_are_those_of_the_last_day():
    """By the hour, as far as it was watched; another disk is another beginning."""
    written = Written()
    assert written.last_day(9_000, 0.0) == 0
    assert written.last_day(9_500, 23.5 * 3600) == 500
    assert written.last_day(9_700, 30 * 3600) == 200
    assert written.last_day(40, 30.1 * 3600) == 0
    assert written.last_day(50, 30.2 * 3600) == 10
