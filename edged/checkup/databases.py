"""Check of gallery, outbox and history: whether they are whole. Nothing is repaired: that is for edged's next start."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from edged.checkup import read_only
from edged.checkup.box import Box, from_error, hidden
from edged.errors import EdgedError
from edged.gallery.config import GalleryConfig
from edged.gallery.database import check_key
from edged.gallery.key_file import read_key
from edged.gallery.vault import TamperedError, Vault
from edged.history.config import history_path
from edged.outbox.config import outbox_path
from edged.outbox.store import MOST_REFUSED, VERSION
from edged.runtime.damaged_file import is_damage
from edged.runtime.finding import Finding, Level

RESTART = "sudo systemctl restart edged   # it sets the file aside and uses what is good"


def check(box: Box) -> Iterator[Finding]:
    """What SQLite says of them, whether the key fits, and what was set aside."""
    yield from _file(
        "gallery", box.settings.gallery.folder / "gallery.db", lambda db: _gallery(db, box.settings.gallery)
    )
    yield from _beside_gallery(box.settings.gallery.folder)
    if box.settings.mqtt.enabled:
        path = outbox_path(box.settings.outbox, box.environment)
        yield from _file("outbox", path, _outbox)
        with suppress(OSError):
            yield from _aside("outbox", sorted(path.parent.glob(f"{path.name}.damaged-*")))
    if box.settings.history.enabled:
        path = history_path(box.settings.history, box.environment)
        yield from _file("history", path, _history)
        with suppress(OSError):
            yield from _aside("history", sorted(path.parent.glob(f"{path.name}.damaged-*Z")))


def _file(about: str, path: Path, look: Callable[[sqlite3.Connection], list[Finding]]) -> list[Finding]:
    """What ``look`` finds in a database that SQLite holds to be whole."""

    def read(connection: sqlite3.Connection) -> list[Finding]:
        damage = read_only.faults(connection)
        if damage:
            return [Finding(Level.FAULT, about, f"{path} is damaged: {'; '.join(damage)}", RESTART)]
        return look(connection)

    try:
        return read_only.reading(path, read)
    except FileNotFoundError:
        return [Finding(Level.OK, about, f"{path} is not there yet: edged makes it")]
    except PermissionError:
        return [hidden(about, path)]
    except read_only.InUseError as error:
        return [from_error(about, error, Level.WARNING)]
    except sqlite3.Error as error:
        found = f"{path} is damaged: {error}" if is_damage(error) else f"{path} could not be looked at: {error}"
        return [Finding(Level.FAULT, about, found, RESTART)]
    except OSError as error:
        return [Finding(Level.FAULT, about, f"{path}: {error.strerror}", "see to the disk: `dmesg`")]


def _gallery(connection: sqlite3.Connection, config: GalleryConfig) -> list[Finding]:
    rows = read_only.counts(connection, "people", "samples")
    whole = Finding(Level.OK, "gallery", f"is whole: {rows['people']} people, {rows['samples']} samples")
    try:
        config.key_path.open("rb").close()
    except PermissionError:
        return [whole, hidden("gallery key", config.key_path)]
    except OSError:
        pass  # read_key() says it, with the remedy
    try:
        check_key(connection, Vault(read_key(config.key_path)))
    except TamperedError:
        found = f"{config.key_path} is not the key that the gallery was sealed with"
        return [whole, Finding(Level.FAULT, "gallery key", found, "put the right key there")]
    except EdgedError as error:
        return [whole, from_error("gallery key", error)]
    return [whole, Finding(Level.OK, "gallery key", "fits")]


def _outbox(connection: sqlite3.Connection) -> list[Finding]:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        found = f"has tables of version {version}, this edged knows {VERSION}"
        return [Finding(Level.FAULT, "outbox", found, "install the edged that made it, or let it be set aside")]
    rows = read_only.counts(connection, "waiting", "refused")
    found = f"is whole: {rows['waiting']} messages wait"
    if rows["refused"]:
        most = " (the newest)" if rows["refused"] >= MOST_REFUSED else ""
        found = f"{rows['refused']} messages{most} were refused by the broker for good"
        return [Finding(Level.WARNING, "outbox", found, "mend the broker's ACL or limits: `edged doctor --broker`")]
    return [Finding(Level.OK, "outbox", found)]


def _history(connection: sqlite3.Connection) -> list[Finding]:
    rows = read_only.counts(connection, "events")
    return [Finding(Level.OK, "history", f"is whole: {rows['events']} events")]


def _beside_gallery(folder: Path) -> Iterator[Finding]:
    """Databases set aside, and the backups; whoever may not look into the folder has been told."""
    with suppress(OSError):
        yield from _aside("gallery", sorted(folder.glob("damaged-*.db")))
        backups = sorted((folder / "backups").glob("*.db"))
        if backups:
            age_s = time.time() - backups[-1].stat().st_mtime
            yield Finding(Level.OK, "backups", f"{len(backups)}, the last is {age_s / 86400:.0f} days old")


def _aside(about: str, paths: list[Path]) -> Iterator[Finding]:
    if paths:
        found = f"{len(paths)} damaged files were set aside, the last is {paths[-1].name}"
        yield Finding(Level.WARNING, about, found, f"look at it, then delete it: {paths[-1]}")
