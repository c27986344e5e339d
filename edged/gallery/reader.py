"""Reader: what the gallery is asked. Each answer is of one moment."""

import difflib
import sqlite3
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edged.errors import GalleryError
from edged.gallery.database import Transactions
from edged.gallery.people import AuditEntry, Person, Sample, folded
from edged.gallery.store import AUDIT_KEPT, Store
from edged.gallery.vault import Vault


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """All embeddings of one model, at one moment."""

    matrix: NDArray[np.float32]
    """Shape (n, d): one embedding a row; those of one person lie together."""
    ids: list[str]
    """Of length n: whose row it is."""
    names: dict[str, str]
    """By id."""


class Reader:
    """Asks one database with one vault. Thread-safe."""

    def __init__(self, database: Transactions, vault: Vault) -> None:
        self._database, self._vault = database, vault

    def _store(self, connection: sqlite3.Connection) -> Store:
        return Store(connection, self._vault)

    def revision(self) -> int | None:
        """Goes up with each change by any process; None while another thread is at work in the gallery."""
        return self._database.revision()

    def people(self) -> list[Person]:
        """Everybody, the longest enrolled first."""
        with self._database.reading() as connection:
            return self._store(connection).people()

    def find(self, name_or_id: str) -> Person:
        """The person of that id or name. GalleryError: nobody, with the names that are like it."""
        with self._database.reading() as connection:
            store = self._store(connection)
            found = store.people("WHERE p.id = ?", name_or_id.upper()) or store.people("WHERE p.id = ?", name_or_id)
            person = found[0] if found else store.named(name_or_id.strip())
            if person is None:
                names = {folded(one.name): one.name for one in store.people()}
                close = difflib.get_close_matches(folded(name_or_id), names, n=3, cutoff=0.6)
                hint = " or ".join(repr(names[one]) for one in close)
                remedy = f"did you mean {hint}?" if hint else "`edged people list` shows who is"
                raise GalleryError(f"person {name_or_id[:80]!r}: is not in the gallery; {remedy}")
            return person

    def samples(self, person_id: str) -> list[Sample]:
        """A person's samples, the oldest first."""
        with self._database.reading() as connection:
            store = self._store(connection)
            return [sample for _, _, sample in store.samples("WHERE person = ?", store.person(person_id).id)]

    def faces(self, model_sha256: str) -> Faces:
        """All that was made by that model."""
        with self._database.reading() as connection:
            store = self._store(connection)
            rows = store.vectors(model_sha256)
            names = {person.id: person.name for person in store.people()}
        joined = np.frombuffer(b"".join(vector for _, vector in rows), np.float32)
        matrix = joined.copy()  # memory of numpy's own lies in huge pages: a search is a third faster
        return Faces(matrix.reshape(len(rows), -1) if rows else matrix.reshape(0, 0), [who for who, _ in rows], names)

    def embeddings(self, model_sha256: str) -> tuple[NDArray[np.float32], list[str]]:
        """Shape (n, d), and n ids of people, of all that was made by that model; (0, 0) where that is nothing."""
        found = self.faces(model_sha256)
        return found.matrix, found.ids

    def names(self) -> dict[str, str]:
        """Everybody's name by id."""
        return {person.id: person.name for person in self.people()}

    def stale(self, model_sha256: str) -> list[Person]:
        """Who has no sample of that model and is not recognised by it."""
        with self._database.reading() as connection:
            clause = "WHERE NOT EXISTS (SELECT 1 FROM samples s WHERE s.person = p.id AND s.sha256 = ?)"
            return self._store(connection).people(clause, model_sha256)

    def erased(self) -> set[str]:
        """Ids of those who were erased or expired, and of those who had been merged into one of them before."""
        with self._database.reading() as connection:
            gone = self._store(connection).gone()
        erased: set[str] = set()
        for _, entry in gone:  # the latest first: into whom somebody was merged is erased after that
            if entry.action != "merge" or entry.detail in erased:
                erased.add(entry.subject)
        return erased

    def audit(self, limit: int = AUDIT_KEPT) -> list[AuditEntry]:
        """Who did what, the latest first."""
        with self._database.reading() as connection:
            return [entry for _, entry in self._store(connection).entries(limit)]
