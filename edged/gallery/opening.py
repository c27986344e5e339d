"""Opening the gallery: find the key, look whether the database is sound, and where it is not use the last good backup.

Nothing is ever overwritten: a wrong or missing key stops here, and a damaged database is set aside before another
takes its place.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from edged.errors import GalleryKeyError
from edged.gallery.backup import newest_sound
from edged.gallery.database import create
from edged.gallery.examine import Examined, State, examine
from edged.gallery.files import explain
from edged.gallery.home import Home, remove
from edged.gallery.key_file import make_key, read_key
from edged.gallery.vault import Vault
from edged.runtime.whole_file import settle, written


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of it."""

    vault: Vault
    report: str
    """Empty where all was well."""


def next_key(key: Path) -> Path:
    """Where a new key waits until all is sealed with it."""
    return key.with_name(key.name + ".new")


def open_database(home: Home, key: Path, *, make: bool, unix_s: float) -> Opened:
    """See to it that there is a sound database; ``make``: write a key where neither it nor a gallery is there yet.

    To be called by one process at a time. GalleryError names what is wrong and the remedy, and all is as it was.
    """
    with explain(home.folder):
        for path in home.leftovers():
            path.unlink(missing_ok=True)
        is_new = not (home.database.exists() or home.backups() or home.damaged())
        vault = Vault(_key(home, key, make=make, is_new=is_new))
        if is_new:
            create(home.database, vault)
            return Opened(vault, "")
        vault, found = _fitting(home, key, vault)
        if found and found.state is State.SOUND:
            return Opened(vault, "")
        if found and found.state is State.FOREIGN:
            raise GalleryKeyError(
                f"{key}: is not the key of {home.database}; put the right key there; nothing was changed"
            )
        with home.alone("the database is damaged"):
            return _recover(home, vault, found, unix_s)


def _key(home: Home, key: Path, *, make: bool, is_new: bool) -> bytes:
    if key.exists() or (not make and is_new):
        return read_key(key)
    if not is_new:
        raise GalleryKeyError(f"key {key}: is not there, and nothing else opens {home.database}; put it back")
    return make_key(key)


def _fitting(home: Home, key: Path, vault: Vault) -> tuple[Vault, Examined | None]:
    """The vault that fits, with what was found; ends a change of the key that was cut short."""
    found = examine(home.database, vault) if home.database.exists() else None
    new = next_key(key)
    if found and found.state is not State.DAMAGED and new.exists():
        if found.state is State.SOUND:
            new.unlink()
            return vault, found
        other = Vault(read_key(new))
        if (found_other := examine(home.database, other)).state is State.SOUND:
            settle(new, key)
            return other, found_other
    return vault, found


def _recover(home: Home, vault: Vault, found: Examined | None, unix_s: float) -> Opened:
    """Put the last good backup into the place of a database that is damaged or gone."""
    backup = newest_sound(home, vault)
    what = "the database was gone"
    if found:
        what = f"the database was damaged ({found.faults[0]}) and is set aside as {home.set_aside(unix_s).name}"
    remove(home.database)  # a log of writes that is left alone would be taken for the new database's
    if backup is None:
        create(home.database, vault)
        return Opened(vault, f"{what}; there is no good backup: the gallery begins empty, enrol or import again")
    with backup.open("rb") as source, written(home.database) as target:
        shutil.copyfileobj(source, target)
    return Opened(vault, f"{what}; the backup {backup.stem} is in use, later changes are lost")
