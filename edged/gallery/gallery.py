"""Gallery: the people whom the box was taught. What is changed is on the disk and in the audit log, or nothing is.

Thread-safe; several processes may have it open. Expected ways to fail are GalleryErrors, after which all is as it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ulid import ULID

from edged.errors import GalleryError
from edged.gallery.archive import read_archive, write_archive
from edged.gallery.crops import decode_crop
from edged.gallery.keeper import Keeper
from edged.gallery.people import ErasureReport, ImportReport, Person, Sample, checked_name, checked_notes
from edged.gallery.store import Store
from edged.gallery.transfer import import_people
from edged.messages.vision import Embedding, Picture


class Gallery(Keeper):
    """Everything that the box knows of people; open it with :meth:`open`."""

    def add(
        self,
        name: str,
        samples: Sequence[Sample],
        *,
        by: str,
        notes: str = "",
        consent: date | None = None,
        expires: date | None = None,
    ) -> Person:
        """Enrol a person with all their samples. GalleryError: such a name cannot be, or is another's."""
        now = self._clock()
        if expires is None and self._config.expire_days:
            expires = datetime.fromtimestamp(now, UTC).date() + timedelta(days=self._config.expire_days)
        person = Person(
            str(ULID()), checked_name(name), checked_notes(notes), consent, expires, created_at=now, changed_at=now
        )
        with self._database.writing() as connection:
            store = self._store(connection)
            store.put_person(person)
            self._put_samples(store, person.id, samples)
            store.note(now, by, "enrol", person.id, f"{len(samples)} samples")
            return store.person(person.id)

    def add_samples(self, person_id: str, samples: Sequence[Sample], *, by: str) -> Person:
        """More samples of somebody who is enrolled."""
        with self._database.writing() as connection:
            store = self._store(connection)
            store.put_person(replace(store.person(person_id), changed_at=self._clock()))
            self._put_samples(store, person_id, samples)
            store.note(self._clock(), by, "add", person_id, f"{len(samples)} samples")
            return store.person(person_id)

    def rename(self, person_id: str, name: str, *, by: str) -> Person:
        """Give a person another name."""
        with self._database.writing() as connection:
            store = self._store(connection)
            store.put_person(replace(store.person(person_id), name=checked_name(name), changed_at=self._clock()))
            store.note(self._clock(), by, "rename", person_id)
            return store.person(person_id)

    def merge(self, from_id: str, into_id: str, *, by: str) -> Person:
        """Make one person of two: the samples of the first go to the second, whose name it is."""
        if from_id == into_id:
            raise GalleryError(f"person {from_id}: is the same one; name two people")
        with self._database.writing() as connection:
            store, now = self._store(connection), self._clock()
            moved = list(store.samples("WHERE person = ?", store.person(from_id).id))
            store.put_person(replace(store.person(into_id), changed_at=now))
            for sample_id, _, sample in moved:
                store.put_sample(into_id, sample, sample_id)
            store.check_room(into_id)
            store.drop_person(from_id)
            store.note(now, by, "merge", from_id, into_id)
            merged = store.person(into_id)
        with self._home.moving_files():
            self._erase_everywhere()
            self._back_up()
        return merged

    def erase(self, person_id: str, *, by: str) -> ErasureReport:
        """Erase a person from the database and all backups; what was done, and where else to look."""
        with self._database.writing() as connection:
            store = self._store(connection)
            person = store.person(person_id)
            exports = [e.detail for _, e in store.entries() if e.action == "export" and e.at_s >= person.created_at]
            count = store.drop_person(person_id)
            store.note(self._clock(), by, "erase", person_id, f"{count} samples")
        with self._home.moving_files():
            rewritten, removed, cut = self._erase_everywhere()
        return ErasureReport(person_id, count, tuple(rewritten), tuple(removed), tuple(exports), log_cut=cut)

    def expire(self, today: date, *, by: str) -> list[Person]:
        """Erase everybody whose day has come; who that was."""
        with self._database.reading() as connection:
            if not self._store(connection).people("WHERE expires <= ?", today.isoformat()):
                return []
        with self._database.writing() as connection:
            store = self._store(connection)
            gone = store.people("WHERE expires <= ?", today.isoformat())
            for person in gone:
                store.drop_person(person.id)
                store.note(self._clock(), by, "expire", person.id, f"on {person.expires}")
        with self._home.moving_files():
            self._erase_everywhere()
        return gone

    def re_embed(self, model: str, sha256: str, embed: Callable[[Picture], Embedding], *, by: str) -> list[Person]:
        """Make samples of other models anew with this one, where their crops were kept; whose those are."""
        with self._database.reading() as connection:
            rows = self._store(connection).samples("WHERE sha256 != ? AND crop IS NOT NULL", sha256)
            made = []
            for sample_id, person_id, sample in rows:
                embedding = embed(decode_crop(sample.crop or b""))
                made.append((sample_id, person_id, replace(sample, embedding=embedding, model=model, sha256=sha256)))
        people = {person_id for _, person_id, _ in made}
        with self._database.writing() as connection:
            store, now = self._store(connection), self._clock()
            for sample_id, person_id, sample in made:
                if any(store.samples("WHERE id = ? AND person = ?", sample_id, person_id)):  # not erased meanwhile
                    store.put_sample(person_id, sample, sample_id)
            there = [person for person in store.people() if person.id in people]
            for person in there:
                store.put_person(replace(person, changed_at=now))
                store.note(now, by, "re-embed", person.id, model)
        return there

    def export(self, path: Path, passphrase: str | None = None, *, by: str) -> int:
        """Write everybody into an archive; None: sealed with the gallery's own key. How many people that are."""
        with self._database.writing() as connection:  # first: an erasure must know where to look
            self._store(connection).note(self._clock(), by, "export", detail=str(path.absolute()))
        with self._database.reading() as connection:
            store = self._store(connection)
            people = store.people()
            samples = ([sample for _, _, sample in store.samples("WHERE person = ?", one.id)] for one in people)
            write_archive(path, self._vault, passphrase, zip(people, samples, strict=True))
        return len(people)

    def import_(self, path: Path, passphrase: str | None = None, *, by: str) -> ImportReport:
        """Take in an archive, whole or not at all: a person's later version counts, whoever was erased stays so."""
        with self._database.writing() as connection:
            store = self._store(connection)
            archive = read_archive(path, self._vault, passphrase)
            report = import_people(store, archive, keep_crops=self._config.keep_crops)
            store.note(self._clock(), by, "import", detail=f"{report.added} added, {report.replaced} replaced")
        return report

    def _put_samples(self, store: Store, person_id: str, samples: Sequence[Sample]) -> None:
        for sample in samples:
            store.put_sample(person_id, sample if self._config.keep_crops else replace(sample, crop=None))
        store.check_room(person_id)
