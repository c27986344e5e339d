"""Store: people, their samples and the audit log as sealed rows. What stands in clear is bound to what is sealed.

In clear: ids, times, expiry (the sweep needs it), models and quality. Sealed: names, notes, consent, embeddings,
origins, crops and what the audit log adds in words. All functions work within the transaction of their caller.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
from ulid import ULID

from edged.errors import GalleryError
from edged.gallery.database import check_value
from edged.gallery.people import MOST_SAMPLES, AuditEntry, Person, Sample, check_sample, folded
from edged.gallery.vault import OVERHEAD_BYTES, Bound, Vault

AUDIT_KEPT = 10_000
"""Entries; the oldest goes when one more is made. So long it is known who was erased and must not come back."""
GONE = {"erase", "expire", "merge"}
"""After these a person is not there any longer."""
Row = tuple[Any, ...]

_PEOPLE = """
SELECT p.id, created_at, changed_at, expires, folded, sealed,
    (SELECT count(*) FROM samples WHERE person = p.id),
    (SELECT group_concat(DISTINCT model) FROM samples WHERE person = p.id)
FROM people p {where} ORDER BY p.id
"""
_SAMPLES = "SELECT id, person, model, sha256, quality, at_s, embedding, origin, crop FROM samples {where} ORDER BY id"


class Store:
    """Reads and writes rows with one vault through one connection, inside a transaction."""

    def __init__(self, connection: sqlite3.Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    def people(self, where: str = "", *values: object) -> list[Person]:
        """Everybody, or whom the clause names; by id, which is by age."""
        return [self._person(row) for row in self._connection.execute(_PEOPLE.format(where=where), values)]

    def person(self, person_id: str) -> Person:
        """The person with that id; GalleryError: nobody."""
        if found := self.people("WHERE p.id = ?", person_id):
            return found[0]
        raise GalleryError(f"person {person_id[:80]!r}: is not in the gallery; `edged people list` shows who is")

    def named(self, name: str) -> Person | None:
        """The person of that name."""
        found = self.people("WHERE folded = ?", self._vault.fingerprint(folded(name)))
        return found[0] if found else None

    def put_person(self, person: Person) -> None:
        """Write the person, over what was known of them; their samples stay. GalleryError: the name is another's."""
        holder = self.named(person.name)
        if holder is not None and holder.id != person.id:
            raise GalleryError(
                f"name {person.name!r}: {holder.name!r} is enrolled already ({holder.id}); choose another name, "
                "or add the pictures to that person"
            )
        content = {"name": person.name, "notes": person.notes, "consent": _text(person.consent)}
        clear = (*_clear(person), self._vault.fingerprint(folded(person.name)))
        sealed = self._vault.seal(json.dumps(content).encode(), "people", *_printed(clear))
        self._connection.execute(
            "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "created_at=excluded.created_at, changed_at=excluded.changed_at, expires=excluded.expires, "
            "folded=excluded.folded, sealed=excluded.sealed",
            (*clear, sealed),
        )

    def _person(self, row: Row) -> Person:
        *clear, sealed, count, models = row
        content = json.loads(self._vault.open(sealed, "people", *_printed(tuple(clear))))
        return Person(
            id=row[0],
            name=content["name"],
            notes=content["notes"],
            consent=_date(content["consent"]),
            expires=_date(row[3]),
            created_at=row[1],
            samples=count,
            models=tuple(sorted(models.split(","))) if models else (),
            changed_at=row[2],
        )

    def drop_person(self, person_id: str) -> int:
        """Erase the person with their samples; how many those were."""
        count = self.drop_samples(person_id)
        self._connection.execute("DELETE FROM people WHERE id = ?", (person_id,))
        return count

    def drop_samples(self, person_id: str) -> int:
        """Erase the person's samples; how many those were."""
        return self._connection.execute("DELETE FROM samples WHERE person = ?", (person_id,)).rowcount

    def samples(self, where: str = "", *values: object) -> Iterator[tuple[str, str, Sample]]:
        """Id, person's id and sample, in the order in which they came."""
        for row in self._connection.execute(_SAMPLES.format(where=where), values):
            yield row[0], row[1], self._sample(row)

    def _sample(self, row: Row) -> Sample:
        *clear, embedding, origin, crop = row
        vector = np.frombuffer(self._vault.open(embedding, "samples", *clear, "embedding"), np.float32)
        text = self._vault.open(origin, "samples", *clear, "origin").decode()
        picture = None if crop is None else self._vault.open(crop, "samples", *clear, "crop")
        model, sha256, quality, at_s = row[2:6]
        return Sample(vector, model, sha256, quality, at_s, text, picture)

    def put_sample(self, person_id: str, sample: Sample, sample_id: str | None = None) -> None:
        """Add a sample to a person, or write it over the one of that id. ValueError: not a sample."""
        check_sample(sample)
        self._check_length(sample)
        key = (sample_id or str(ULID()), person_id)
        clear = (*key, sample.model, sample.sha256, float(sample.quality), float(sample.at_s))
        values = (sample.embedding.tobytes(), sample.origin.encode(), sample.crop)
        sealed = [
            None if value is None else self._vault.seal(value, "samples", *clear, column)
            for column, value in zip(("embedding", "origin", "crop"), values, strict=True)
        ]
        self._connection.execute("INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*clear, *sealed))

    def _check_length(self, sample: Sample) -> None:
        found = self._connection.execute(
            "SELECT length(embedding) FROM samples WHERE sha256 = ? LIMIT 1", (sample.sha256,)
        ).fetchone()
        length = sample.embedding.nbytes + OVERHEAD_BYTES
        if found and found[0] != length:
            raise ValueError(f"embedding: {sample.embedding.size} numbers, others of this model have another length")

    def check_room(self, person_id: str) -> None:
        """GalleryError where the person has more samples than a person may have."""
        count = self._connection.execute("SELECT count(*) FROM samples WHERE person = ?", (person_id,)).fetchone()[0]
        if count > MOST_SAMPLES:
            raise GalleryError(f"person {person_id}: would have {count} samples, must have at most {MOST_SAMPLES}")

    def vectors(self, sha256: str) -> list[tuple[str, bytes]]:
        """Person's id and the bytes of their embedding, by person, of all samples of that model."""
        rows = self._connection.execute(
            "SELECT id, person, model, sha256, quality, at_s, embedding FROM samples WHERE sha256 = ? "
            "ORDER BY person, id",
            (sha256,),
        )
        return [(row[1], self._vault.open(row[6], "samples", *row[:6], "embedding")) for row in rows]

    def note(self, at_s: float, by: str, action: str, subject: str = "", detail: str = "", above: int = 0) -> None:
        """Add to the audit log; ``above``: a number that the entry's must be greater than."""
        last = self._connection.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()[0]
        seq = max(last, above) + 1
        self.put_entry(seq, AuditEntry(at_s, by[:200], action, subject, detail))
        self._connection.execute(
            "DELETE FROM audit WHERE seq <= (SELECT seq FROM audit ORDER BY seq DESC LIMIT 1 OFFSET ?)", (AUDIT_KEPT,)
        )

    def put_entry(self, seq: int, entry: AuditEntry) -> None:
        """Write an entry of the audit log under that number."""
        clear = (seq, float(entry.at_s), entry.by, entry.action, entry.subject)
        sealed = self._vault.seal(entry.detail.encode(), "audit", *clear)
        self._connection.execute("INSERT OR REPLACE INTO audit VALUES (?, ?, ?, ?, ?, ?)", (*clear, sealed))

    def entries(self, limit: int = AUDIT_KEPT) -> Iterator[tuple[int, AuditEntry]]:
        """Number and entry, the latest first."""
        for row in self._connection.execute("SELECT * FROM audit ORDER BY seq DESC LIMIT ?", (limit,)):
            seq, at_s, by, action, subject, detail = row
            text = self._vault.open(detail, "audit", *row[:5]).decode()
            yield seq, AuditEntry(at_s, by, action, subject, text)

    def gone(self) -> list[tuple[int, AuditEntry]]:
        """Of those who must not come back (erased, expired, merged into another): the entries that say so."""
        return [(seq, entry) for seq, entry in self.entries() if entry.action in GONE]

    def reseal(self, other: Vault) -> None:
        """Seal everything with another vault; this store reads nothing any more after that."""
        new = Store(self._connection, other)
        for person in self.people():
            new.put_person(person)
        for (sample_id,) in self._connection.execute(
            "SELECT id FROM samples"
        ).fetchall():  # one by one: crops are large
            for _, person_id, sample in list(self.samples("WHERE id = ?", sample_id)):
                new.put_sample(person_id, sample, sample_id)
        for seq, entry in list(self.entries()):
            new.put_entry(seq, entry)
        self._connection.execute("UPDATE meta SET sealed = ?", (check_value(other),))

    def damaged(self) -> tuple[int, list[str]]:
        """How many sealed rows open, and a line for each that does not."""
        opened, faults = 0, []
        tables: tuple[tuple[str, Callable[[Row], object]], ...] = (
            ("SELECT *, 0, '' FROM people", self._person),
            (_SAMPLES.format(where=""), self._sample),
            ("SELECT * FROM audit", lambda row: self._vault.open(row[5], "audit", *row[:5])),
        )
        for query, read in tables:
            for row in self._connection.execute(query):
                try:
                    read(row)
                    opened += 1
                except Exception as error:  # a damaged row may be anything
                    faults.append(str(error))
        return opened, faults


def _clear(person: Person) -> tuple[str, float, float, str | None]:
    return person.id, float(person.created_at), float(person.changed_at), _text(person.expires)


def _printed(clear: Row) -> list[Bound]:
    """The row's clear columns as they are bound; its last is bytes."""
    return [*clear[:-1], clear[-1].hex()]


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
