"""The guard of the disk: its rule, real folders, and disks that do not answer."""

import errno
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.guards.disk import SILENT_S, Disk, DiskConfig, Room, judge, room_of
from edged.runtime.finding import Level

CONFIG = DiskConfig(low_bytes=1000_000_000, least_bytes=300_000_000)
FOLDER = Path("/var/lib/edged")
LIMIT_S = 5.0


def test_low_is_told_and_less_makes_the_box_degraded():
    """With what is free, and what to do."""
    low = judge(FOLDER, Room(900_000_000, 50_000, read_only=False), CONFIG)
    assert low.level is Level.OK
    assert low.found == "/var/lib/edged: 900 MB free: it is running low"
    least = judge(FOLDER, Room(123_456_789, 50_000, read_only=False), CONFIG)
    assert least.level is Level.WARNING
    assert least.found == "/var/lib/edged: 120 MB free, less than 300 MB"
    assert "clips.max_bytes" in least.remedy


def test_a_disk_with_room_but_no_files_left_is_short_too():
    """As one that thousands of small files fill; a file system without such a limit is not."""
    assert judge(FOLDER, Room(10**12, 12, read_only=False), CONFIG).found.endswith("12 files can still be made")
    assert judge(FOLDER, Room(10**12, None, read_only=False), CONFIG).found == ""


def test_a_disk_that_has_become_read_only_is_at_fault():
    """However much room there is."""
    finding = judge(FOLDER, Room(10**12, None, read_only=True), CONFIG)
    assert finding.level is Level.FAULT
    assert "read-only" in finding.found


@given(st.lists(st.integers(0, 2**44), min_size=2, max_size=2).map(sorted), st.none() | st.integers(0, 10**6))
def test_less_room_is_never_judged_better(free, files):
    """Whatever it is."""
    less, more = (judge(FOLDER, Room(each, files, read_only=False), CONFIG) for each in free)
    assert list(Level).index(less.level) >= list(Level).index(more.level)
    assert bool(less.found) or not more.found


def test_real_folders_are_read_those_too_that_are_not_there_yet(tmp_path):
    """By the nearest one above."""
    config = DiskConfig(low_bytes=0, least_bytes=0)
    seen = Disk(config, [tmp_path, tmp_path / "not" / "yet"]).look(0.0)
    assert seen.finding.level is Level.OK
    assert seen.figures["free_bytes"] > 0
    assert room_of(tmp_path / "not" / "yet").free_bytes == pytest.approx(room_of(tmp_path).free_bytes, rel=0.1)


def test_the_worst_of_several_disks_counts():
    """Its words stand there, and the least room."""
    rooms = {Path("/a"): Room(10**10, None, read_only=False), Path("/b"): Room(10**8, None, read_only=False)}
    seen = Disk(CONFIG, rooms, rooms.__getitem__).look(0.0)
    assert seen.finding.found.startswith("/b: 100 MB free")
    assert seen.figures == {"free_bytes": 10**8}


def test_a_disk_that_does_not_answer_is_told_and_holds_nobody_up():
    """It is asked once, however long it takes; when it answers all is well again."""
    answered, asked = threading.Event(), []

    def frozen(folder: Path) -> Room:
        asked.append(folder)
        answered.wait(LIMIT_S)
        return Room(10**12, None, read_only=False)

    disk = Disk(CONFIG, [FOLDER], frozen)
    assert disk.look(0.0) is None
    assert disk.look(SILENT_S - 1) is None
    seen = disk.look(SILENT_S + 2)
    assert seen.finding.level is Level.FAULT
    assert seen.finding.found == "/var/lib/edged: has not answered for 10 s"
    assert len(asked) == 1
    answered.set()
    for thread in threading.enumerate():
        if thread.name == "disk-edged":
            thread.join(LIMIT_S)
    assert disk.look(SILENT_S + 3).finding.level is Level.OK


def test_a_disk_that_cannot_be_read_is_at_fault():
    """With the kernel's word for it."""

    def stale(_folder: Path) -> Room:
        raise OSError(errno.ESTALE, "Stale file handle")

    finding = Disk(CONFIG, [FOLDER], stale).look(0.0).finding
    assert finding.level is Level.FAULT
    assert "Stale file handle" in finding.found


def test_the_two_levels_are_in_order():
    """A configuration that has them the other way round says which key and value are wrong."""
    with pytest.raises(ValidationError, match="least_bytes: 2, must be at most low_bytes"):
        DiskConfig(low_bytes=1, least_bytes=2)
