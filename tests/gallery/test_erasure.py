"""Erasure is real: no file holds the name or the embedding, ever, nor, once erased, what was sealed of them."""

import pytest

from edged.errors import GalleryError
from tests.gallery.faces import a_sample, holds, open_gallery, samples, sealed_values

NAME = "Wilhelmina Unmistakable"


def test_no_file_ever_holds_a_name_an_embedding_or_a_crop(gallery, folder, tmp_path):
    """Database, its log, backups and archives: all is sealed."""
    sample = a_sample(1, crop=b"picture of " + NAME.encode(), origin=f"/home/{NAME}.jpg")
    secrets = [NAME.encode(), NAME.lower().encode(), sample.embedding.tobytes(), sample.embedding.tobytes()[:32]]
    person = gallery.add(NAME, [sample], by="me", notes=f"{NAME} works here")
    assert holds(tmp_path, secrets) == []
    gallery.backup()
    gallery.export(tmp_path / "all.edged", "a passphrase", by="me")
    gallery.rename(person.id, NAME.upper(), by="me")
    gallery.rekey(by="me")
    gallery.backup()
    assert holds(tmp_path, [*secrets, NAME.upper().encode()]) == []


def test_whoever_is_erased_is_in_no_file_any_more(gallery, folder, tmp_path):
    """Not even sealed: not in the database, its log, nor in any backup; archives that may hold them are named."""
    person = gallery.add(NAME, [a_sample(1, crop=b"picture" * 3000), a_sample(2)], by="me")
    gallery.add("Ana", samples(3), by="me")
    first = gallery.backup()
    gallery.add("Bob", samples(3, 2), by="me")
    second = gallery.backup()
    gallery.export(tmp_path / "all.edged", by="me")
    values = [*sealed_values(folder, person.id), person.id.encode()]
    assert {first.name, second.name, "gallery.db-wal"} <= set(holds(folder, values[:-1]))
    report = gallery.erase(person.id, by="me")
    assert set(report.backups_rewritten) == {first.name, second.name}
    assert (report.samples, report.files_removed, report.log_cut) == (2, (), True)
    assert report.exports == (str(tmp_path / "all.edged"),)
    assert holds(folder, values[:-1]) == []
    assert gallery.verify() == []
    with pytest.raises(GalleryError, match="is not in the gallery"):
        gallery.find(NAME)


def test_a_backup_that_is_used_later_does_not_bring_them_back(gallery, folder):
    """It was rewritten, and knows who must not be imported again."""
    person = gallery.add(NAME, samples(1), by="me")
    gallery.add("Ana", samples(1, 1), by="me")
    gallery.backup()
    gallery.export(folder.parent / "all.edged", by="me")
    gallery.erase(person.id, by="me")
    gallery.close()
    (folder / "gallery.db").write_bytes(b"rubbish")
    again = open_gallery(folder)
    assert "later changes are lost" in again.report
    assert [one.name for one in again.people()] == ["Ana"]
    report = again.import_(folder.parent / "all.edged", by="me")
    assert (report.added, report.unchanged) == (0, 1)
    assert report.refused == (f"{person.id}: was erased here or merged into another; enrol the person anew",)
    again.close()


def test_what_cannot_be_rewritten_is_removed(gallery, folder):
    """A backup that was damaged, and a damaged database that was set aside before."""
    person = gallery.add(NAME, samples(1), by="me")
    backup = gallery.backup()
    backup.write_bytes(b"rubbish")
    (folder / "damaged-20200101T000000Z.db").write_bytes(b"what was set aside")
    report = gallery.erase(person.id, by="me")
    assert report.files_removed == (backup.name, "damaged-20200101T000000Z.db")
    assert not backup.exists()
