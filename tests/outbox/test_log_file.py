"""Log file: long enough beforehand, and never taken for what was committed."""

from edged.outbox.log_file import LENGTH_BYTES, lengthen
from edged.outbox.store import Store
from tests.outbox.test_window import a_row


def test_commits_do_not_lengthen_the_log(tmp_path):
    """It has its length from the start, and keeps it."""
    store, log = Store(tmp_path / "outbox.sqlite3"), tmp_path / "outbox.sqlite3-wal"
    lengths = set()
    for seq in range(1, 400):
        store.add([a_row(seq, "x" * 900)])
        lengths.add(log.stat().st_size)
    assert lengths == {LENGTH_BYTES}
    store.close()


def test_a_copy_of_the_files_as_a_power_cut_leaves_them_holds_what_was_committed(tmp_path):
    """Zeros in the log are no pages."""
    store = Store(tmp_path / "outbox.sqlite3")
    store.add([a_row(seq) for seq in range(1, 6)])
    after = tmp_path / "after"
    after.mkdir()
    for suffix in ("", "-wal"):
        name = f"outbox.sqlite3{suffix}"
        (after / name).write_bytes((tmp_path / name).read_bytes())
    store.close()
    again = Store(after / "outbox.sqlite3")
    assert [row.seq for row in again.everything()] == [1, 2, 3, 4, 5]
    again.close()


def test_where_there_is_no_log_nothing_is_said(tmp_path):
    """It only saves time."""
    lengthen(tmp_path / "absent")
    assert not list(tmp_path.iterdir())
