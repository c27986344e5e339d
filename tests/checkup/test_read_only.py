"""Databases are looked at while others use them, and stay exactly as they are."""

import sqlite3
import threading
from contextlib import closing

import pytest

from edged.checkup.read_only import InUseError, counts, faults, reading
from tests.checkup.boxes import everything


def make(path, *, log):
    """A database with two rows; ``log``: one of them stands in the log of writes. Returns a connection that has it."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA journal_mode={'WAL' if log else 'DELETE'}")
    connection.execute("CREATE TABLE things (what TEXT)")
    connection.execute("INSERT INTO things VALUES ('one')")
    if log:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("INSERT INTO things VALUES ('two')")
    return connection


def look(connection):
    assert faults(connection) == []
    return counts(connection, "things")


@pytest.mark.parametrize("log", [False, True])
def test_all_that_was_written_is_seen_and_nothing_is_changed(tmp_path, log):
    """What stands in the log of writes too; no file is made, no lock is left, and the writer goes on."""
    path = tmp_path / "a.db"
    with closing(make(path, log=log)) as writer:
        before = everything(tmp_path)
        assert reading(path, look) == {"things": 2}
        assert everything(tmp_path) == before
        writer.execute("INSERT INTO things VALUES ('three')")
        assert reading(path, look) == {"things": 3}


def test_a_log_that_was_only_made_long_is_none(tmp_path):
    """As the outbox makes its own: zeros."""
    path = tmp_path / "a.db"
    make(path, log=False).close()
    (tmp_path / "a.db-wal").write_bytes(bytes(10_000))
    before = everything(tmp_path)
    assert reading(path, look) == {"things": 2}
    assert everything(tmp_path) == before


def test_one_that_another_holds_locked_is_read(tmp_path):
    """The outbox of a running edged is."""
    path = tmp_path / "a.db"
    with closing(make(path, log=True)) as writer:
        writer.execute("PRAGMA locking_mode=EXCLUSIVE")
        writer.execute("INSERT INTO things VALUES ('three')")
        assert reading(path, look) == {"things": 3}


def test_one_that_is_written_to_all_the_time_is_not_called_damaged(tmp_path):
    """What was read may be of two moments."""
    path = tmp_path / "a.db"
    stop = threading.Event()

    def write():
        while not stop.wait(0.001):
            path.touch()

    make(path, log=False).close()
    thread = threading.Thread(target=write)
    thread.start()
    try:
        with pytest.raises(InUseError, match="stop edged"):
            reading(path, lambda _: stop.wait(0.02))
    finally:
        stop.set()
        thread.join()


def test_damage_is_told_and_left_alone(tmp_path):
    """A page of a table is overwritten."""
    path = tmp_path / "a.db"
    with closing(make(path, log=False)) as writer:
        writer.executemany("INSERT INTO things VALUES (?)", [("x" * 500,)] * 200)
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    path.write_bytes(content)
    before = everything(tmp_path)
    assert reading(path, faults)
    assert everything(tmp_path) == before


def test_what_is_no_database_or_not_there_is_the_callers_to_tell(tmp_path):
    """As SQLite and the system say it."""
    path = tmp_path / "a.db"
    with pytest.raises(FileNotFoundError):
        reading(path, faults)
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        reading(path, faults)
