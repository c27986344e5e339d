"""Whether a database of the gallery is sound: SQLite's own check, and every sealed row opens."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from edged.gallery.database import check_key, connect
from edged.gallery.files import explain
from edged.gallery.store import Store
from edged.gallery.vault import TamperedError, Vault

MOST_FAULTS = 20
"""Lines said of one database."""
_BROKEN = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_FORMAT", ""}
"""What SQLite says of a file that is not (any longer) ours; anything else is the disk or another process."""


class State(StrEnum):
    """What a database is worth."""

    SOUND = "sound"
    FOREIGN = "sealed with another key"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found."""

    state: State
    faults: tuple[str, ...] = ()
    revision: int = 0


def examine(path: Path, vault: Vault) -> Examined:
    """Read all of a database. GalleryError where it cannot be read now, or another version of edged made it."""
    with explain(path):
        try:
            with closing(connect(path)) as connection:
                connection.execute("BEGIN")
                return _examine(connection, vault)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "").partition("_VTAB")[0] not in _BROKEN:
                raise
            return Examined(State.DAMAGED, (str(error),))


def _examine(connection: sqlite3.Connection, vault: Vault) -> Examined:
    faults = [row[0] for row in connection.execute(f"PRAGMA integrity_check({MOST_FAULTS})") if row[0] != "ok"]
    orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    faults += [f"{table} row {row}: belongs to nobody" for table, row, *_ in islice(orphans, MOST_FAULTS)]
    fits = True
    try:
        check_key(connection, vault)
    except TamperedError as error:
        fits = False
        faults.append(str(error))
    opened, closed = Store(connection, vault).damaged()
    if not fits and not opened:
        return Examined(State.FOREIGN, ("none of its rows opens with this key",))
    faults += closed
    revision = connection.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()[0]
    return Examined(State.DAMAGED if faults else State.SOUND, tuple(faults[:MOST_FAULTS]), int(revision))
