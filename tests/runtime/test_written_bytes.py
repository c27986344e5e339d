"""What was written to a disk, by the kernel's figure for it: one that can be believed, whatever the page cache."""

import os
from pathlib import Path

import pytest

from edged.runtime import machine

STAT = "  100 0 800 40 {} 7 {} 30 0 50 70 0 0 0 0 3 2"
"""Reads, merged, sectors, ms; writes, merged, sectors, ...; see Documentation/block/stat.rst."""
FILE_BYTES = 2**20


class Disk:
    """The disk that holds a folder, in a tree of the kernel's files; whole, or in partitions."""

    def __init__(self, root: Path, on: Path, partition: str = "") -> None:
        self._whole = root / "sys/devices/platform/emmc2bus/mmcblk0"
        self._part = self._whole / partition
        self._part.mkdir(parents=True)
        number, numbers = on.stat().st_dev, root / "sys/dev/block"
        numbers.mkdir(parents=True)
        (numbers / f"{os.major(number)}:{os.minor(number)}").symlink_to(self._part)
        if partition:
            (self._part / "partition").write_text("2\n")
            (self._part / "stat").write_text(STAT.format(1, 2) + "\n")

    def say(self, text: str) -> None:
        (self._whole / "stat").write_text(text + "\n")


@pytest.mark.parametrize("partition", ["", "mmcblk0p2"])
def test_it_is_what_was_written_to_the_whole_disk(tmp_path: Path, partition: str) -> None:
    """Its other partitions wear the same card."""
    disk = Disk(tmp_path / "root", tmp_path, partition)
    disk.say(STAT.format(900, 5_000_000_000))
    assert machine.disk_written_bytes(tmp_path, tmp_path / "root") == 5_000_000_000 * 512


@pytest.mark.parametrize("text", ["", "1 2 3", STAT.format(9, "²"), STAT.format(9, "-4"), "é"])
def test_what_is_no_figure_is_none(tmp_path: Path, text: str) -> None:
    """Rather none than a wrong one."""
    disk = Disk(tmp_path / "root", tmp_path)
    disk.say(text)
    assert machine.disk_written_bytes(tmp_path, tmp_path / "root") is None


def test_where_no_disk_is_counted_there_is_none(tmp_path: Path) -> None:
    """In memory, on an overlay, or for a file that is gone."""
    assert machine.disk_written_bytes(tmp_path, tmp_path / "root") is None
    assert machine.disk_written_bytes(tmp_path / "absent") is None
    assert machine.disk_written_bytes(Path("/proc/self/stat")) is None


def test_a_real_disk_counts_what_is_written_to_it(tmp_path: Path) -> None:
    """All that was written is in it, and it only grows."""
    before = machine.disk_written_bytes(tmp_path)
    if before is None:
        pytest.skip("this folder is on no disk that the kernel counts for")
    with (tmp_path / "file").open("wb") as file:
        file.write(os.urandom(FILE_BYTES))
        os.fsync(file.fileno())
    after = machine.disk_written_bytes(tmp_path)
    assert after is not None
    assert after - before >= FILE_BYTES
