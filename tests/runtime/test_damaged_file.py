"""Damaged files of SQLite are known, set aside under their date, and few of them are kept."""

import sqlite3
from contextlib import closing

import pytest

from edged.runtime.damaged_file import MOST_ASIDE, check, delete_aside, is_damage, set_aside


def aside(folder):
    return sorted(path.name for path in folder.glob("*.damaged-*"))


@pytest.mark.parametrize("times", [1, 2, MOST_ASIDE, MOST_ASIDE + 2])
def test_the_newest_that_were_set_aside_are_kept_each_with_its_log(tmp_path, times):
    """A log goes with its file; what SQLite makes anew goes at once."""
    path = tmp_path / "x.db"
    for second in range(times):
        for suffix in ("", "-wal", "-shm"):
            (tmp_path / f"x.db{suffix}").write_bytes(b"damaged")
        set_aside(path, 1_700_000_000 + second)
    kept = [f"x.db.damaged-2023-11-14T22-13-{20 + second}Z" for second in range(times)][-MOST_ASIDE:]
    assert aside(tmp_path) == sorted([*kept, *(f"{name}-wal" for name in kept)])
    assert sorted(path.name for path in tmp_path.iterdir()) == aside(tmp_path)


def test_all_that_was_set_aside_of_one_file_can_be_deleted(tmp_path):
    """And of no other."""
    for name in ("a.db.damaged-1Z", "a.db.damaged-1Z-wal", "a.db.damaged-2Z", "b.db.damaged-1Z"):
        (tmp_path / name).touch()
    assert delete_aside(tmp_path / "a.db") == 2
    assert aside(tmp_path) == ["b.db.damaged-1Z"]


def test_damage_is_told_from_a_disk_that_fails(tmp_path):
    """A file that is no database is damaged; one that is not there, or locked, is not."""
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)
    with closing(sqlite3.connect(tmp_path / "x.db")) as database, pytest.raises(sqlite3.DatabaseError) as damage:
        check(database, 1.0)
    assert is_damage(damage.value)
    with pytest.raises(sqlite3.OperationalError) as missing:
        sqlite3.connect(f"file:{tmp_path}/no/x.db?mode=ro", uri=True)
    assert not is_damage(missing.value)
    assert not is_damage(sqlite3.IntegrityError("UNIQUE"))
    with closing(sqlite3.connect(":memory:")) as database:
        check(database, 0.0)
