"""The gallery's SQLite database: its tables, and connections that lose nothing and leave nothing behind."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from edged.errors import GalleryError
from edged.gallery.files import explain
from edged.gallery.vault import TamperedError, Vault
from edged.runtime.whole_file import settle

SCHEMA = 1
BUSY_S = 10.0
"""How long a writer waits for another."""
_TABLES = """
CREATE TABLE meta (version INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE people (
    id TEXT PRIMARY KEY, created_at REAL NOT NULL, changed_at REAL NOT NULL, expires TEXT,
    folded BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL
);
CREATE TABLE samples (
    id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people ON DELETE CASCADE,
    model TEXT NOT NULL, sha256 TEXT NOT NULL, quality REAL NOT NULL, at_s REAL NOT NULL,
    embedding BLOB NOT NULL, origin BLOB NOT NULL, crop BLOB
);
CREATE INDEX samples_of_person ON samples (person);
CREATE INDEX samples_of_model ON samples (sha256, person);
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at_s REAL NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    detail BLOB NOT NULL
);
"""
_PRAGMAS = ("foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY", "synchronous=FULL", "trusted_schema=OFF")


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a database that must be there; erased values are overwritten."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def create(path: Path, vault: Vault) -> None:
    """An empty gallery under that key: there whole or not at all."""
    part = path.with_name(path.name + ".part")
    with explain(path):
        part.unlink(missing_ok=True)
        part.touch(0o600)
        with closing(connect(part)) as connection:
            connection.executescript(_TABLES)
            connection.execute("INSERT INTO meta VALUES (?, ?)", (SCHEMA, check_value(vault)))
        settle(part, path)


def check_value(vault: Vault, version: int = SCHEMA) -> bytes:
    """What only the right key opens."""
    return vault.seal(b"", "meta", version)


def check_key(connection: sqlite3.Connection, vault: Vault) -> None:
    """TamperedError where the key does not fit, GalleryError where another version of edged made the database."""
    found = connection.execute("SELECT version, sealed FROM meta").fetchall()
    if len(found) != 1:
        raise TamperedError("meta: has no check value of the key")
    version, sealed = found[0]
    vault.open(sealed, "meta", version)
    if version != SCHEMA:
        raise GalleryError(
            f"the gallery has schema {version}, this edged knows {SCHEMA}; install the edged that made it"
        )


class Transactions:
    """One connection that many threads share: one at a time, each transaction whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        """Held through each transaction."""
        with explain(path):
            self._connection = connect(path)
            self._connection.execute("PRAGMA journal_mode=WAL")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """All that is read in the block is of one moment."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All that is written in the block is there after it, or nothing where it raises."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self.lock, explain(self.path):
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def revision(self) -> int | None:
        """The number of the last change by any process; None while another thread of ours is at it."""
        if not self.lock.acquire(blocking=False):
            return None
        try:
            with explain(self.path):
                return int(self._connection.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()[0])
        finally:
            self.lock.release()

    def copy_to(self, target: Path) -> None:
        """The whole database as it is now, in one file, while others go on."""
        with self.lock, explain(target):
            target.unlink(missing_ok=True)
            target.touch(0o600)
            with closing(connect(target)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")

    def cut_log(self) -> bool:
        """Put the write-ahead log into the database and cut it to nothing; False where a reader was in the way."""
        with self.lock, explain(self.path):
            return not self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def close(self) -> None:
        """Let go of the database."""
        with self.lock:
            self._connection.close()
