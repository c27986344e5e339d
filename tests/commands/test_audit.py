"""The audit log: what was asked and what became of it, bounded, without what is private."""

import json
import logging
import stat
import subprocess

import pytest

from edged.commands.audit import CHANGES, MOST_BYTES, REQUESTS, UNWRITTEN, Audit, AuditLine
from edged.messages.health import State
from edged.messages.wire import rfc3339
from edged.runtime.health import Health
from tests.commands.box import EVERYTHING, NOW_S, DeskBox, cannot


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def a_line(number=0, outcome="begun", **fields):
    at = rfc3339(NOW_S + number)
    whole = {"at": at, "command": "set", "transaction": f"t{number}", "outcome": outcome, "asked_at": at, **fields}
    return AuditLine(**whole)


@pytest.fixture
def audit(tmp_path):
    return Audit(tmp_path, Health().part("commands"))


def test_a_change_stands_there_before_it_is_made_and_after(box, tmp_path):
    """When, what, with which arguments, and what became of it."""
    seen = []
    box.handlers["set"] = lambda _: seen.extend(lines(tmp_path / CHANGES)) or {}
    box.ask("set")
    begun = {
        "at": "2025-11-13T02:13:20.000Z",
        "command": "set",
        "transaction": "t1",
        "outcome": "begun",
        "asked_at": "2025-11-13T02:13:20.000Z",
        "arguments": {"pipeline": "drones", "threshold": 0.6},
    }
    assert seen == [begun]
    assert lines(tmp_path / CHANGES) == [begun, {**begun, "outcome": "ok"}]
    assert lines(tmp_path / REQUESTS) == []
    assert stat.S_IMODE((tmp_path / CHANGES).stat().st_mode) == 0o600


def test_what_reads_and_what_is_refused_stands_in_a_file_of_its_own(box, tmp_path):
    """With the reason."""
    box.handlers["clip"] = cannot
    box.ask("health", "a")
    box.ask("clip", "b")
    box.ask("set", "c", threshold=2)
    box.ask("restart", "d", retained=True)
    box.send("ping", b"}")
    box.desk.stop(5)
    written = lines(tmp_path / REQUESTS)
    assert [(line["command"], line.get("transaction"), line["outcome"]) for line in written] == [
        ("health", "a", "ok"),
        ("clip", "b", "error"),
        ("set", "c", "refused"),
        ("restart", "d", "refused"),
        ("ping", None, "refused"),
    ]
    assert written[2]["reason"] == "set: threshold: 2, must be in [0, 1]"
    assert lines(tmp_path / CHANGES) == []


def test_names_of_people_stand_in_no_log(box, tmp_path, caplog):
    """Neither as an argument nor in a reason: the gallery keeps them sealed."""
    box.handlers["people"] = lambda request: {"name": request.name}
    caplog.set_level(logging.DEBUG)
    assert box.ask("people", "a", name="Mallory").data == {"name": "Mallory"}
    box.ask("people", "b", name="Mallory", camera="gate")
    assert "Mallory" in box.ask("people", "c", name="Mallory" * 20).error
    box.desk.stop(5)
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert [line["transaction"] for line in lines(tmp_path / CHANGES)] == ["a", "a"]
    assert [line["transaction"] for line in lines(tmp_path / REQUESTS)] == ["b", "c"]
    assert "Mallory" not in written + " ".join(str(vars(record)) for record in caplog.records)


def test_a_flood_is_not_written(cautious, tmp_path):
    """It is counted in the health, and neither the disk nor the log has to take it; nor what came too often."""
    for number in range(11):
        cautious.ask("ping", str(number))
    for _ in range(1000):
        cautious.take("restart", b"{}")
        cautious.take("ping", {"transaction": "1"})
    cautious.answers_until("the-end")
    cautious.desk.stop(5)
    written = lines(tmp_path / REQUESTS)
    assert 0 < len(written) <= 5 + 10 + 1
    assert not [line for line in written if "more than" in line.get("reason", "")]


def test_each_file_is_bounded(audit, tmp_path):
    """Two files of 1 MiB at most; the newest lines are always there, in order; refusals cost no change its line."""
    audit.write(a_line(-1), change=True)
    for number in range(3000):
        audit.write(a_line(number, "refused", reason="x" * 1000), change=False)
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == [CHANGES, REQUESTS, f"{REQUESTS}.1"]
    assert all(path.stat().st_size <= MOST_BYTES for path in files)
    kept = [int(line["transaction"][1:]) for path in (files[2], files[1]) for line in lines(path)]
    assert kept == list(range(kept[0], 3000))
    assert len(kept) > 900
    assert [line["transaction"] for line in lines(files[0])] == ["t-1"]


def test_the_changes_that_were_begun_are_read_back_oldest_first(audit, tmp_path):
    """From both files, whatever else stands in them."""
    audit.write(a_line(0), change=True)
    (tmp_path / CHANGES).rename(tmp_path / f"{CHANGES}.1")
    audit.write(a_line(1), change=True)
    audit.write(a_line(1, "ok"), change=True)
    with (tmp_path / CHANGES).open("ab") as file:
        file.write(b'\x00\xff\n[]\n{"at": 1}\n' + b"[" * 9999 + b"\n")
    audit.write(a_line(2), change=True)
    audit.write(a_line(3, asked_at="yesterday"), change=True)
    assert list(audit.changes()) == [("t0", NOW_S), ("t1", NOW_S + 1), ("t2", NOW_S + 2)]


def test_a_log_that_cannot_be_written_costs_no_command(tmp_path, caplog):
    """The health says so until it can; the warning is given once."""
    box = DeskBox(tmp_path / "state", **EVERYTHING)
    (tmp_path / "state").write_text("a file where the folder should be")
    assert [box.ask("set", str(number)).status for number in range(3)] == ["ok", "ok", "ok"]
    assert box.health.state is State.DEGRADED
    assert UNWRITTEN in " ".join(box.health.snapshot().reasons)
    assert [record.message for record in caplog.records].count(UNWRITTEN) == 1
    (tmp_path / "state").unlink()
    assert box.ask("set", "4").status == "ok"
    assert box.health.state is State.OK
    assert len(lines(tmp_path / "state" / CHANGES)) == 2
    box.desk.stop(5)


def test_on_a_full_disk_no_line_is_cut(tmp_path):
    """What there is no room for is left out whole, and the file goes on when there is."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("no permission to mount a tmpfs")
    try:
        health = Health().part("commands")
        health.set(State.OK)
        audit, filler = Audit(tmp_path, health), tmp_path / "filler"
        filler.write_bytes(bytes(100 * 1024))
        for number in range(30):
            audit.write(a_line(number, reason="x" * 3000), change=True)
        assert health.state is State.DEGRADED
        filler.unlink()
        audit.write(a_line(99), change=True)
        assert health.state is State.OK
        kept = [line["transaction"] for line in lines(tmp_path / CHANGES)]
        assert kept == [f"t{number}" for number in range(len(kept) - 1)] + ["t99"]
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)
