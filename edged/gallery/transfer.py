"""Taking people of an archive into the gallery."""

from collections.abc import Iterable
from dataclasses import replace

from edged.errors import GalleryError
from edged.gallery.people import ImportReport, Person, Sample
from edged.gallery.store import Store


def import_people(store: Store, archive: Iterable[tuple[Person, list[Sample]]], *, keep_crops: bool) -> ImportReport:
    """Write those whose version in the archive is the later one. GalleryError at whatever is wrong with the archive.

    Somebody whose name is another's here is refused, and so is who was erased: the rest goes on.
    """
    gone = {entry.subject for _, entry in store.gone()}
    counts, refused = {"added": 0, "replaced": 0, "unchanged": 0}, []
    for person, samples in archive:
        if person.id in gone:
            refused.append(f"{person.id}: was erased here or merged into another; enrol the person anew")
            continue
        try:
            counts[_import(store, person, samples, keep_crops=keep_crops)] += 1
        except GalleryError as error:
            refused.append(str(error))
        except ValueError as error:
            raise GalleryError(f"person {person.id}: {error}; nothing was imported") from None
    return ImportReport(**counts, refused=tuple(refused))


def _import(store: Store, person: Person, samples: list[Sample], *, keep_crops: bool) -> str:
    known = store.people("WHERE p.id = ?", person.id)
    if known and known[0].changed_at >= person.changed_at:
        return "unchanged"
    store.put_person(person)
    store.drop_samples(person.id)
    for sample in samples:
        store.put_sample(person.id, sample if keep_crops else replace(sample, crop=None))
    return "replaced" if known else "added"
