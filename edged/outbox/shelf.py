"""Shelf: the store in use. That on disk; while the disk cannot be written, one in memory; anew after damage."""

import errno
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edged.messages.health import State
from edged.outbox.gaps import merged
from edged.outbox.salvage import salvage
from edged.outbox.store import Store
from edged.runtime.damaged_file import is_damage, set_aside
from edged.runtime.health import Part

CHECK_S = 2.0
"""Looking for damage takes so long at most."""
_LOST = "what waited in it is not sent"
_ELSEWHERE = "or name another place in outbox.path"
_REMEDIES = {
    sqlite3.SQLITE_FULL: "the disk is full: make room",
    sqlite3.SQLITE_READONLY: f"it cannot be written: mount the disk read-write, {_ELSEWHERE}",
    sqlite3.SQLITE_BUSY: f"another edged uses it: stop that one, {_ELSEWHERE}",
}
_OS_REMEDIES = {
    errno.ENOSPC: "make room",
    errno.EROFS: f"mount the disk read-write, {_ELSEWHERE}",
    errno.EACCES: f"give it to the user that edged runs as, {_ELSEWHERE}",
}

T = TypeVar("T")
log = logging.getLogger(__name__)


class Shelf:
    """Where messages wait. Not thread-safe."""

    def __init__(self, path: Path | None, health: Part, unix_s: float) -> None:
        """None: in memory alone. ``unix_s`` is the time now, for numbers where the old ones cannot be known."""
        self._path, self._health = path, health
        self._on_disk_to, self._settled_on_disk = (
            0,
            set[int](),
        )  # while in memory: what may lie there, what of it is done
        self.store = Store(None)
        self.last_seq = 0
        """The highest number that was given."""
        health.set(State.OK)
        if path is not None and not self.return_to_disk(unix_s, check=True):
            self.last_seq = int(unix_s)  # above whatever stands in the file

    @property
    def in_memory(self) -> bool:
        """Whether messages wait in memory though they should be on disk."""
        return self._path is not None and not self.store.on_disk

    def write(self, work: Callable[[Store], T], unix_s: float) -> T:
        """Do that in one transaction. Where the disk fails it is done in memory; ``work`` may so run twice."""
        try:
            with self.store.transaction():
                return work(self.store)
        except (sqlite3.Error, OSError) as error:
            if not self.store.on_disk:
                raise
            self.leave_disk(error, unix_s)
        with self.store.transaction():
            return work(self.store)

    def leave_disk(self, error: Exception, unix_s: float) -> None:
        """The disk failed: go on with a new file if this one is damaged, else in memory until it can be written."""
        self.store.close()
        self.store, self._on_disk_to = Store(None), self.last_seq
        self._tell(error)
        if is_damage(error):
            self.return_to_disk(unix_s, check=True)

    def return_to_disk(self, unix_s: float, *, check: bool = False) -> bool:
        """Try the disk, and put there what waits in memory; False where it cannot be written (yet).

        ``check``: look through the file for damage first.
        """
        if self._path is None:
            return False
        try:
            disk, aside = open_store(self._path, unix_s, self.last_seq, CHECK_S if check else 0.0)
            try:
                with disk.transaction():
                    self._move_to(disk)
            except BaseException:
                disk.close()
                raise
        except (sqlite3.Error, OSError) as error:
            self._tell(error)
            return False
        self.store.close()
        self.store = disk
        self.last_seq = max(self.last_seq, disk.last_seq())
        self._settled_on_disk.clear()
        self._health.set(State.DEGRADED if aside else State.OK, aside)
        return True

    def forget(self, seqs: list[int]) -> None:
        """Delete messages; what lies on a disk that cannot be written is deleted when it can."""
        if self.in_memory:
            self._settled_on_disk.update(seq for seq in seqs if seq <= self._on_disk_to)
        self.store.delete(seqs)

    def _move_to(self, disk: Store) -> None:
        disk.delete(self._settled_on_disk)
        for row in self.store.everything():
            disk.put(row)
        disk.set_gone(merged([*disk.gone(), *self.store.gone()]))
        if self.last_seq > disk.last_seq():
            disk.begin_above(self.last_seq)

    def _tell(self, error: Exception) -> None:
        if isinstance(error, OSError):
            what, remedy = error.strerror or str(error), _OS_REMEDIES.get(error.errno or 0)
        else:
            what, remedy = str(error), _REMEDIES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        remedy = remedy or f"see to the disk, {_ELSEWHERE}"
        self._health.set(State.FAILING, f"{self._path}: {what}; {remedy}. Events wait in memory until then")


def open_store(path: Path, unix_s: float, last_seq: int = 0, check_s: float = CHECK_S) -> tuple[Store, str]:
    """The store in that file, and what is to be said if the file was damaged: it is set aside, a new one begins.

    Its numbers are above ``last_seq`` or, where that is not known (0), above any that the old one can have had.
    sqlite3.Error or OSError where the disk cannot be read or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _opened(path, check_s), ""
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        damage = str(error)
    above = last_seq or max(_salvaged_seq(path), int(unix_s), int(path.stat().st_mtime))
    aside = set_aside(path, unix_s)
    log.error("outbox was damaged; a new one begins", extra={"reason": damage, "set_aside": str(aside)})
    store = _opened(path, 0.0)
    try:
        saved = salvage(aside, store, above)
        store.begin_above(above)
    except BaseException:
        store.close()
        raise
    rest = f"{saved} messages in it could be saved, what else waited there is not sent" if saved else _LOST
    return store, f"{path}: was damaged ({damage}); set aside as {aside.name}, {rest}"


def _opened(path: Path, check_s: float) -> Store:
    store = Store(path)
    try:
        if check_s:
            store.check(check_s)
    except BaseException:
        store.close()
        raise
    return store


def _salvaged_seq(path: Path) -> int:
    """The highest number that a damaged file still tells of; 0 for none."""
    try:
        store = Store(path)
        try:
            return store.last_seq()
        finally:
            store.close()
    except (sqlite3.Error, ValueError, TypeError):
        return 0
