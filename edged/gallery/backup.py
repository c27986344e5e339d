"""Backups: a few whole copies of the database beside it, each good, none of whom was erased."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from edged.errors import GalleryError
from edged.gallery.database import Transactions, connect
from edged.gallery.examine import State, examine
from edged.gallery.home import Home, remove, stamp
from edged.gallery.people import AuditEntry
from edged.gallery.store import Store
from edged.gallery.vault import Vault
from edged.runtime.whole_file import settle

Entries = Sequence[tuple[int, AuditEntry]]
"""Of the audit log, with their numbers."""


def back_up(home: Home, database: Transactions, vault: Vault, keep: int, unix_s: float) -> Path:
    """Copy the database while others go on; only a good copy takes its place and pushes out the oldest.

    GalleryError where the copy is not good: the backups that are there stay.
    """
    part = home.folder / "gallery.db.part"
    database.copy_to(part)
    found = examine(part, vault)
    if found.state is not State.SOUND:
        remove(part)
        raise GalleryError(f"{home.database}: {found.state}: {found.faults[0]}; no backup was made of it")
    target = home.new_backup(found.revision, unix_s)
    settle(part, target)
    for path in home.backups()[keep:]:
        remove(path)
    return target


def is_needed(home: Home, revision: int) -> bool:
    """Whether something was changed since the last backup."""
    return revision > 0 and not any(home.revision(path) == revision for path in home.backups()[:1])


def newest_sound(home: Home, vault: Vault) -> Path | None:
    """The last good backup. GalleryError where there are backups and all are sealed with another key."""
    states = set()
    for path in home.backups():
        state = examine(path, vault).state
        if state is State.SOUND:
            return path
        states.add(state)
    if states == {State.FOREIGN}:
        raise GalleryError(
            f"{home.folder}: the backups are {State.FOREIGN}; name the key that belongs to them in "
            "gallery.key_file; nothing was changed"
        )
    return None


def forget(home: Home, vault: Vault, gone: Entries) -> tuple[list[str], list[str]]:
    """Erase from all backups whom the entries say to be gone; names of files rewritten, and of those removed.

    A damaged database that was set aside before somebody went cannot be rewritten with certainty: it is removed.
    """
    rewritten: list[str] = []
    removed: list[str] = []
    if not gone:
        return rewritten, removed
    for path in home.backups():
        held = _holds(path, {entry.subject for _, entry in gone})
        if held is None or (held and not _rewrite(path, vault, held, gone)):
            remove(path)
            removed.append(path.name)
        elif held:
            rewritten.append(path.name)
    last_s = max(entry.at_s for _, entry in gone)
    for path in home.damaged():
        if path.stem.rstrip("x") <= f"damaged-{stamp(last_s)}":
            remove(path)
            removed.append(path.name)
    return rewritten, removed


def _holds(path: Path, gone: set[str]) -> set[str] | None:
    """Which of them are in the backup; None where it cannot be read."""
    try:
        with closing(connect(path)) as connection:
            rows = connection.execute("SELECT id FROM people UNION SELECT person FROM samples")
            return gone & {row[0] for row in rows}
    except sqlite3.Error:
        return None


def _rewrite(path: Path, vault: Vault, held: set[str], gone: Entries) -> bool:
    """Erase them in one transaction; whether the backup is good after it."""
    try:
        with closing(connect(path)) as connection:
            store = Store(connection, vault)
            connection.execute("BEGIN IMMEDIATE")
            for person_id in held:
                store.drop_person(person_id)
            for seq, entry in gone:  # used one day, it must know who is not to come back
                store.put_entry(seq, entry)
            connection.execute("COMMIT")
    except sqlite3.Error:
        return False
    return examine(path, vault).state is State.SOUND
