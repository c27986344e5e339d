"""The gallery's folder: which files are in it, and who may change them when.

``gallery.db`` (with SQLite's ``-wal`` and ``-shm``), ``key``, ``backups/<revision>-<date>.db`` and
``damaged-<date>.db``, which were set aside. Two locks (flock(2), so that a kill frees them): the folder's, held by who
moves files in it; that of ``in_use``, shared by all that have the gallery open.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edged.errors import GalleryError
from edged.gallery.files import explain
from edged.runtime.whole_file import settle, sync_folder

PATIENCE_S = 30.0
"""How long one waits for another process that moves files."""
DAMAGED_KEPT = 5
"""Damaged databases that stay set aside."""


def stamp(unix_s: float) -> str:
    """``20261121T151300Z``."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(unix_s))


class Home:
    """The folder; made with mode 0700 where it is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "gallery.db"
        self._backups = folder / "backups"
        with explain(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._backups.mkdir(mode=0o700, exist_ok=True)
            self._in_use = os.fdopen(os.open(folder / "in_use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def close(self) -> None:
        """Let go of the locks."""
        self._in_use.close()

    @contextmanager
    def moving_files(self) -> Iterator[None]:
        """Nobody else moves, writes or cleans backups in the block; GalleryError where another takes too long."""
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            give_up_s = time.monotonic() + PATIENCE_S
            while not _lock(handle, fcntl.LOCK_EX):
                if time.monotonic() > give_up_s:
                    raise GalleryError(f"{self.folder}: another process is at work in it; try again")
                time.sleep(0.02)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def alone(self, why: str) -> Iterator[None]:
        """Nobody else has the gallery open in the block; GalleryError with ``why`` where somebody has."""
        if not _lock(self._in_use.fileno(), fcntl.LOCK_EX):
            self.share()  # a failed change of a lock loses the one that was held
            raise GalleryError(f"{self.folder}: {why}, but another process uses it; stop edged, and try again")
        try:
            yield
        finally:
            self.share()

    def share(self) -> None:
        """From now on the gallery is open here too."""
        fcntl.flock(self._in_use.fileno(), fcntl.LOCK_SH)

    def backups(self) -> list[Path]:
        """The newest first."""
        return sorted(self._backups.glob("*.db"), reverse=True)

    @staticmethod
    def revision(backup: Path) -> int:
        """The revision that a backup is of."""
        return int(backup.name.partition("-")[0])

    def new_backup(self, revision: int, unix_s: float) -> Path:
        """Where a backup of that revision goes."""
        return self._backups / f"{revision:010d}-{stamp(unix_s)}.db"

    def damaged(self) -> list[Path]:
        """Databases that were set aside, the newest first."""
        return sorted(self.folder.glob("damaged-*.db"), reverse=True)

    def leftovers(self) -> list[Path]:
        """What a kill left half-written."""
        return [
            *self.folder.glob("gallery.db.part*"),
            *self.folder.glob("key*.part"),
            *self._backups.glob("*.part*"),
            *self._backups.glob("*.db-*"),
        ]

    def set_aside(self, unix_s: float) -> Path:
        """Move the database away under a dated name, its log of writes first: that would spoil the next database."""
        target = self.folder / f"damaged-{stamp(unix_s)}.db"
        while target.exists():
            target = target.with_stem(target.stem + "x")
        with explain(self.database):
            for path in self.folder.glob("gallery.db-*"):
                path.replace(target.with_name(path.name.replace("gallery.db", target.name)))
            settle(self.database, target)
            for path in self.damaged()[DAMAGED_KEPT:]:
                remove(path)
        return target


def remove(path: Path) -> None:
    """Delete a database with what belongs to it."""
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink(missing_ok=True)
    sync_folder(path.parent)


def _lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
