"""What the disk does to the history: full, read-only, damaged, killed in the middle. The box goes on and says so."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edged.errors import EdgedError
from edged.history import HistoryConfig, history_path
from edged.messages.event import Phase
from edged.messages.health import State
from tests.history.boxes import Box, a_message

ROOT = Path(__file__).parents[2]
FULL = """
import resource, signal, sys
from pathlib import Path
from edged.messages.event import Phase
from tests.history.boxes import Box, a_message
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
box = Box(Path(sys.argv[1]))
box.tell(a_message(number=0))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
for number in range(1, 100):
    box.pass_s(5)
    box.tell(a_message(number=number, seq=number + 1))
print(box.health.state, box.reasons(), box.health.snapshot().remedies)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
box.pass_s(1000)
box.tell(a_message(Phase.END, 0, 400))
print(box.health.state, [int(event.id) for event in box.events()] == list(range(100)))
print(box.events()[0].ended_s is not None, box.health.snapshot().counters)
box.stop()
"""


def test_a_full_disk_costs_no_event_when_there_is_room_again(tmp_path):
    """Health says what is wrong and what to do; the box goes on meanwhile."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path], cwd=ROOT, capture_output=True, check=False, text=True, timeout=60
    )
    assert done.stderr == ""
    first, *rest = done.stdout.splitlines()
    assert first.startswith("degraded ")
    assert f"{tmp_path}/history.sqlite3: disk I/O error; what is new waits in memory" in first
    assert "see to the disk" in first
    assert rest == ["ok True", "True {}"]


def test_events_are_whole_after_20_kills_at_random_instants(tmp_path):
    """What was shown as kept is there, each event once and with its end; the file is sound."""
    command = [sys.executable, "-m", "tests.history.recording", tmp_path, "20", "0.05"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    shown = list(map(int, (tmp_path / "journal").read_text().split()))
    box = Box(tmp_path, max_events=100_000)
    box.history.step()
    assert box.health.state is State.OK
    events = box.events()
    assert {int(event.id) for event in events} >= set(shown)
    assert len(shown) > 20
    assert all((event.ended_s, event.updates) == (events[0].ended_s, 1) for event in events)
    assert len(box.runs()) == 21
    box.stop()


DAMAGE = {"header": 0, "middle": 500, "not a database": 0, "other version": 0}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_set_aside_and_a_new_one_begins(tmp_path, damage, caplog):
    """Under a dated name; what can be read of it is saved, and health says so."""
    box = filled(tmp_path, 1000)
    content = bytearray(box.path.read_bytes())
    match damage:
        case "header":
            content[:16] = b"x" * 16
        case "middle":
            content[len(content) // 2 : len(content) // 2 + 40_000] = b"\xa5" * 40_000
        case "not a database":
            content = bytearray(b"hello")
        case "other version":
            content[60:64] = (99).to_bytes(4, "big")
    box.path.write_bytes(content)
    box.start()
    box.tell(a_message(number=5000, seq=5000))
    (aside,) = tmp_path.glob("history.sqlite3.damaged-2023-11-14T*Z")
    assert len(aside.read_bytes()) == len(content)
    assert box.health.state is State.DEGRADED
    saved = [int(event.id) for event in box.events()][:-1]
    assert f"set aside as {aside.name}, {len(saved)} events in it could be saved" in box.reasons()
    assert (len(saved) < 1000, len(saved) >= DAMAGE[damage]) == (damage != "other version", True)
    assert saved == sorted(set(saved))
    assert box.events()[-1].id == f"{5000:026d}"
    assert "history was damaged" in caplog.text
    box.stop()
    box.start()
    box.history.step()
    assert box.health.state is State.OK
    box.stop()


def filled(folder, number):
    box = Box(folder)
    for at in range(number):
        box.history(a_message(Phase.END, at, at + 1))
        if not at % 400:
            box.history.step()
    box.stop()
    return box


@pytest.mark.parametrize("from_byte", [0, 8192])
def test_a_file_that_breaks_while_it_is_in_use_is_set_aside_too(tmp_path, from_byte):
    """What waits is in the new one; nothing is lost that came since."""
    box = filled(tmp_path, 3000)  # more than SQLite holds in memory
    box.start()
    box.tell(a_message(number=9000))
    for file in (box.path, box.path.with_name("history.sqlite3-wal")):
        content = file.read_bytes()
        file.write_bytes(content[:from_byte] + b"\xa5" * (len(content) - from_byte))
    for number in range(500):  # they are there: their pages must be read
        box.history(a_message(number=number))
    for _ in range(3):
        box.history.step()
    assert list(tmp_path.glob("history.sqlite3.damaged-*Z"))
    assert {int(event.id) for event in box.events()} >= set(range(500))
    assert (box.health.state, len(box.runs())) == (State.DEGRADED, 1)
    with pytest.raises(EdgedError, match="cannot be read: file is not a database; edged sets it aside"):
        damaged_copy(box, tmp_path).events()
    box.stop()


def damaged_copy(box, folder):
    (folder / "copy").mkdir()
    copy = Box(folder / "copy")
    copy.path.write_bytes(b"\xa5" * 9999)
    return copy


def test_a_disk_that_cannot_be_written_is_told_with_the_remedy(tmp_path):
    """And tried again with each step."""
    (tmp_path / "file").write_text("")
    box = Box(tmp_path / "file")
    box.tell(a_message())
    assert "file/history.sqlite3: " in box.reasons()
    assert box.health.snapshot().remedies == ("see to the disk, or name another place in history.path",)
    (tmp_path / "file").unlink()
    box.history.step()
    assert (box.health.state, len(box.events())) == (State.OK, 1)
    box.stop()


def test_a_read_only_disk_is_told(tmp_path):
    """By SQLite or by the kernel, whoever notices it first."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], check=False).returncode:
        pytest.skip("may not mount here")
    try:
        box = Box(disk)
        box.tell(a_message(number=1))
        box.kill()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        box.start()
        box.tell(a_message(number=2))
        assert os.strerror(errno.EROFS) in box.reasons()
        assert box.health.snapshot().remedies == ("mount the disk read-write, or name another place in history.path",)
        assert len(box.events()) == 1
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        box.history.step()
        assert len(box.events()) == 2
        box.stop()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_real_full_disk_is_told(tmp_path):
    """With the remedy that helps."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], check=False).returncode:
        pytest.skip("may not mount here")
    try:
        box = Box(disk)
        for number in range(200):
            box.history(a_message(number=number))
            box.history.step()
        assert "database or disk is full" in box.reasons()
        assert box.health.snapshot().remedies == ("make room on the disk",)
        subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
        box.history.step()
        assert (box.health.state, len(box.events())) == (State.OK, 200)
        box.stop()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_the_history_has_a_place_of_the_boxs_own(tmp_path):
    """Where none is configured."""
    assert history_path(HistoryConfig(), {"STATE_DIRECTORY": str(tmp_path)}) == tmp_path / "history.sqlite3"
    assert history_path(HistoryConfig(path=tmp_path / "x"), {}) == tmp_path / "x"
