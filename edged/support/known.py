"""Known: what must not leave the box, as far as whoever makes the bundle may read it. It is only held in memory."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from edged.checkup.box import Box
from edged.checkup.read_only import reading
from edged.checkup.secret_files import in_faulty, secret_files
from edged.errors import EdgedError
from edged.gallery.key_file import read_key
from edged.gallery.store import Store
from edged.gallery.vault import Vault

MOST_BYTES = 64 * 1024
"""Of a file with a secret that is read."""


class Known(NamedTuple):
    """What to look for."""

    secrets: Mapping[str, str]
    """By the setting's key; a file with several lines has one entry a line."""
    names: tuple[str, ...] | None
    """Of the people in the gallery; None where there is a gallery and it cannot be read."""
    unread: tuple[str, ...]
    """Settings whose secrets could not be read, and so were not looked for."""


def known(box: Box) -> Known:
    """All that can be read."""
    files, secrets = secret_files(box.settings), dict[str, str]()
    unread = list[str]()
    if box.faults and box.file is not None:
        files, secrets = in_faulty(box.file)
    for key, path, _ in files:
        try:
            with path.open("rb") as file:
                lines = file.read(MOST_BYTES).decode("utf-8", "replace").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            unread.append(key)
            continue
        for number, line in enumerate(filter(None, map(str.strip, lines)), start=1):
            secrets[f"{key} line {number}" if len(lines) > 1 else key] = line
    return Known(secrets, names(box), tuple(unread))


def names(box: Box) -> tuple[str, ...] | None:
    """Of everybody in the gallery; None where it cannot be read, or where it is not known which one it is."""
    config = box.settings.gallery
    if box.faults:
        return None

    def read(connection: sqlite3.Connection) -> tuple[str, ...]:
        return tuple(person.name for person in Store(connection, Vault(read_key(config.key_path))).people())

    try:
        return reading(config.folder / "gallery.db", read)
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, sqlite3.Error, EdgedError, ValueError):
        return None
