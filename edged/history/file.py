"""File: the history's file in use. Tried again while the disk fails, begun anew after damage."""

import errno
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from edged.history.salvage import salvage
from edged.history.store import Store
from edged.messages.health import State
from edged.runtime.damaged_file import is_damage, set_aside
from edged.runtime.health import Part

CHECK_S = 2.0
"""Looking for damage takes so long at most."""
_ELSEWHERE = "or name another place in history.path"
_REMEDIES = {
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_READONLY: f"mount the disk read-write, {_ELSEWHERE}",
    sqlite3.SQLITE_BUSY: "another program writes to it: end that one",
}
_OS_REMEDIES = {
    errno.ENOSPC: "make room on the disk",
    errno.EROFS: f"mount the disk read-write, {_ELSEWHERE}",
    errno.EACCES: f"give it to the user that edged runs as, {_ELSEWHERE}",
}

log = logging.getLogger(__name__)


class File:
    """Opened when it is first needed, and again after each failure. Not thread-safe."""

    def __init__(self, path: Path, health: Part, unix_s: Callable[[], float]) -> None:
        self.path = path
        self._health, self._unix_s = health, unix_s
        self._store: Store | None = None
        self._suspect, self._report = True, ""  # whether damage is looked for at the next opening, and what it found

    def write(self, work: Callable[[Store], None]) -> bool:
        """Do that in one transaction; False: nothing was written, and health says why until it can be."""
        return self.use(lambda store: _in_transaction(store, work))

    def use(self, work: Callable[[Store], None]) -> bool:
        """The same without a transaction."""
        try:
            if self._store is None:
                self._store = self._open()
            work(self._store)
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
            return False
        remedy = "delete the file that was set aside when you are done with it" if self._report else ""
        self._health.set(State.DEGRADED if self._report else State.OK, self._report, remedy)
        return True

    def close(self) -> None:
        """What was committed stays."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _open(self) -> Store:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_s = CHECK_S if self._suspect else 0.0
        try:
            store = Store(self.path, check_s)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            store = self._begin_anew(str(error))
        self._suspect = False
        return store

    def _begin_anew(self, damage: str) -> Store:
        aside = set_aside(self.path, self._unix_s())
        log.error("history was damaged; a new one begins", extra={"reason": damage, "set_aside": str(aside)})
        store = Store(self.path)
        try:
            saved = salvage(aside, store)
        except BaseException:
            store.close()
            raise
        rest = f"{saved} events in it could be saved"
        self._report = f"{self.path}: was damaged ({damage}); set aside as {aside.name}, {rest}"
        return store

    def _fail(self, error: Exception) -> None:
        try:
            self.close()
        except sqlite3.Error:
            self._store = None
        self._suspect = is_damage(error)
        if isinstance(error, OSError):
            what, remedy = error.strerror or str(error), _OS_REMEDIES.get(error.errno or 0)
        else:
            what, remedy = str(error), _REMEDIES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        self._health.set(
            State.DEGRADED,
            f"{self.path}: {what}; what is new waits in memory",
            remedy or f"see to the disk, {_ELSEWHERE}",
        )


def _in_transaction(store: Store, work: Callable[[Store], None]) -> None:
    with store.transaction():
        work(store)
