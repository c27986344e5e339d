"""Keeper: the gallery's upkeep: backups, erasure to the last file, a new key, and looking for damage."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from edged.gallery.backup import back_up, forget, is_needed
from edged.gallery.config import GalleryConfig
from edged.gallery.database import Transactions
from edged.gallery.examine import State, examine
from edged.gallery.home import Home, remove
from edged.gallery.key_file import make_key, read_key
from edged.gallery.opening import next_key, open_database
from edged.gallery.reader import Reader
from edged.gallery.vault import Vault
from edged.runtime.whole_file import settle


class Keeper(Reader):
    """Holds the gallery's folder open. Open it with :meth:`open`."""

    def __init__(self, config: GalleryConfig, home: Home, vault: Vault, clock: Callable[[], float]) -> None:
        super().__init__(Transactions(home.database), vault)
        self._config, self._home, self._clock = config, home, clock
        self._key = config.key_path
        self.report = ""
        """What happened at the start, for health; empty where all was well."""

    @classmethod
    def open(cls, config: GalleryConfig, clock: Callable[[], float] = time.time) -> Self:
        """Open the gallery, or begin one. ``clock``: Unix time.

        A damaged database is set aside and the last good backup used; the report says so. GalleryError where the key
        is missing or not the right one, the folder cannot be used, or another version of edged made the database.
        """
        with ExitStack() as undo:
            home = Home(config.folder)
            undo.callback(home.close)
            with home.moving_files():
                opened = open_database(home, config.key_path, make=config.key_file is None, unix_s=clock())
                home.share()
                gallery = cls(config, home, opened.vault, clock)
                undo.callback(gallery.close)
                gallery.report = opened.report
                gallery._started()
            undo.pop_all()
            return gallery

    def _started(self) -> None:
        """Note what happened at the start, and end what a kill cut short."""
        if self.report:
            above = max((self._home.revision(path) for path in self._home.backups()), default=0)
            with self._database.writing() as connection:
                self._store(connection).note(self._clock(), "edged", "recover", detail=self.report, above=above)
        elif aside := self._home.damaged():  # told until a person has seen to it, whoever opened the gallery first
            self.report = f"{aside[0].name} was set aside at an earlier start; delete it when you are done with it"
        self._erase_everywhere()
        self._drop_old_keys()

    def close(self) -> None:
        """Let go of it."""
        self._database.close()
        self._home.close()

    def use(self, config: GalleryConfig) -> None:
        """From now on keep so much for so long; the folder and the key stay."""
        self._config = config

    def backup(self) -> Path | None:
        """Back up where something was changed since the last backup: that file. GalleryError: it is not good."""
        with self._home.moving_files():
            return self._back_up()

    def _back_up(self) -> Path | None:
        with self._database.lock:
            if not is_needed(self._home, self.revision() or 0):
                return None
            return back_up(self._home, self._database, self._vault, self._config.backups, self._clock())

    def _erase_everywhere(self) -> tuple[list[str], list[str], bool]:
        """Whoever is gone from the database goes from everything beside it: files rewritten, removed, log cut."""
        with self._database.reading() as connection:
            gone = self._store(connection).gone()
        rewritten, removed = forget(self._home, self._vault, gone)
        return rewritten, removed, self._database.cut_log()

    def _drop_old_keys(self) -> None:
        """Remove the backups that were sealed with a key of before, once there is one of the key that is used now."""
        with self._database.reading() as connection:
            last = max((seq for seq, entry in self._store(connection).entries() if entry.action == "rekey"), default=0)
        old = [path for path in self._home.backups() if self._home.revision(path) < last]
        if old:
            self._back_up()
        for path in old:
            remove(path)

    def verify(self) -> list[str]:
        """A line for each fault: of the database, of a backup, and each database that was set aside."""
        lines = [f"{self._home.database.name}: {fault}" for fault in examine(self._home.database, self._vault).faults]
        with self._home.moving_files():
            for path in self._home.backups():
                found = examine(path, self._vault)
                lines += [f"backups/{path.name}: {found.state}"] if found.state is not State.SOUND else []
            return lines + [
                f"{path.name}: was set aside, damaged; delete it when done" for path in self._home.damaged()
            ]

    def rekey(self, new_key_file: Path | None = None, *, by: str) -> None:
        """Seal everything with a new key; killed at any moment, the gallery opens with the old or the new one.

        ``new_key_file`` is made where it is not there, and belongs into the config from then on; None: the new key
        takes the old one's place. Old backups go, one is made. GalleryError: another process uses the gallery.
        """
        with self._home.moving_files(), self._home.alone("the key cannot be changed"), self._database.lock:
            target = new_key_file or next_key(self._key)
            if not new_key_file:
                target.unlink(missing_ok=True)  # of a try that failed
            vault = Vault(read_key(target) if target.exists() else make_key(target))
            with self._database.writing() as connection:
                store = self._store(connection)
                store.note(self._clock(), by, "rekey")
                store.reseal(vault)
            self._vault = vault
            if new_key_file:
                self._key = new_key_file
            else:
                settle(target, self._key)
            self._database.cut_log()
            self._drop_old_keys()
