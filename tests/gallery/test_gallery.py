"""Gallery: who is in it, under which name, with what; and that each change is whole and in the audit log."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from edged.errors import GalleryError
from edged.gallery.crops import encode_crop
from tests.gallery.faces import MODEL, OTHER_MODEL, a_sample, open_gallery, samples, unit


def test_what_is_enrolled_is_there_when_it_is_opened_again(folder, clock):
    """Every field of the person and of the samples, to the bit."""
    first = open_gallery(folder, clock, keep_crops=True)
    sample = a_sample(3, crop=encode_crop(np.zeros((4, 4, 3), np.uint8)))
    day = date(2026, 5, 1)
    ana = first.add("Ana", [sample], by="uid 0", notes="front desk", consent=day, expires=date(2027, 5, 1))
    first.close()
    again = open_gallery(folder, clock)
    assert again.report == ""
    assert again.people() == [ana]
    assert (ana.name, ana.notes, ana.consent, ana.samples, ana.models) == (
        "Ana",
        "front desk",
        day,
        1,
        ("face_embedding",),
    )
    (kept,) = again.samples(ana.id)
    assert np.array_equal(kept.embedding, sample.embedding)
    assert (kept.origin, kept.crop, kept.quality, kept.at_s) == (
        sample.origin,
        sample.crop,
        sample.quality,
        sample.at_s,
    )
    again.close()


def test_crops_are_kept_only_where_that_is_allowed(tmp_path, clock):
    """By default no picture of a face is stored."""
    gallery = open_gallery(tmp_path / "g", clock)
    ana = gallery.add("Ana", [a_sample(crop=b"picture")], by="me")
    assert gallery.samples(ana.id)[0].crop is None
    gallery.close()


def test_a_change_that_fails_leaves_nothing_behind(gallery):
    """Neither the person, nor half of the samples, nor an entry in the audit log."""
    with pytest.raises(ValueError, match="of length 2, must be 1"):
        gallery.add("Ana", [a_sample(1), replace(a_sample(2), embedding=unit() * 2)], by="me")
    with pytest.raises(ValueError, match="another length"):
        gallery.add("Ana", [a_sample(1), a_sample(2, length=64)], by="me")
    with pytest.raises(GalleryError, match="101 samples, must have at most 100"):
        gallery.add("Ana", samples(101), by="me")
    assert (gallery.people(), gallery.audit(), len(gallery.faces(MODEL).ids)) == ([], [], 0)


def test_people_are_found_by_name_or_id_and_near_misses_are_named(gallery):
    """Neither case nor composition count; a typing error is answered with who may be meant."""
    ana = gallery.add("Žofie Nováková", samples(1), by="me")
    for asked in (ana.id, ana.id.lower(), "žofie nováková", "Z\u030cofie Nováková", " Žofie Nováková "):
        assert gallery.find(asked) == ana
    with pytest.raises(GalleryError, match=r"did you mean 'Žofie Nováková'\?"):
        gallery.find("Zofie Novakova")
    with pytest.raises(GalleryError, match="edged people list"):
        gallery.find("Bob")


def test_renaming_keeps_everything_but_the_name(gallery):
    """A name that is another's is refused; one's own in another case is not."""
    ana = gallery.add("Ana", samples(2), by="me")
    gallery.add("Bob", samples(1, 2), by="me")
    with pytest.raises(GalleryError, match="'Bob' is enrolled already"):
        gallery.rename(ana.id, "BOB", by="me")
    renamed = gallery.rename(ana.id, "ANA", by="me")
    assert (renamed.name, renamed.id, renamed.samples, renamed.created_at) == ("ANA", ana.id, 2, ana.created_at)
    with pytest.raises(GalleryError, match="is not in the gallery"):
        gallery.rename("nobody", "Eve", by="me")


def test_two_who_are_one_are_merged(gallery):
    """All samples go to the second, the first is gone, from the backups too."""
    gallery.add("Anna", samples(2), by="me")
    ana = gallery.add("Ana", samples(3, 1), by="me")
    gallery.backup()
    merged = gallery.merge(gallery.find("Anna").id, ana.id, by="me")
    assert (merged.samples, [one.name for one in gallery.people()]) == (5, ["Ana"])
    assert gallery.faces(MODEL).ids == [ana.id] * 5
    assert gallery.verify() == []
    with pytest.raises(GalleryError, match="name two people"):
        gallery.merge(ana.id, ana.id, by="me")


def test_people_expire_on_their_day(tmp_path, clock):
    """Those who were given a day, and by `expire_days` those who were not; it is audited."""
    gallery = open_gallery(tmp_path / "g", clock, expire_days=30)
    today = datetime.fromtimestamp(clock.at_s, UTC).date()
    soon = gallery.add("Soon", samples(1), by="me", expires=today + timedelta(days=2))
    later = gallery.add("Later", samples(1, 1), by="me")
    assert later.expires == today + timedelta(days=30)
    assert gallery.expire(today + timedelta(days=1), by="edged") == []
    assert gallery.expire(today + timedelta(days=2), by="edged") == [soon]
    assert [one.name for one in gallery.people()] == ["Later"]
    assert (gallery.audit()[0].action, gallery.audit()[0].subject) == ("expire", soon.id)
    gallery.close()


def test_embeddings_of_different_models_never_meet(gallery):
    """Each model sees its own; who has none of it is stale."""
    ana = gallery.add("Ana", [a_sample(1), a_sample(2, sha256=OTHER_MODEL, length=64)], by="me")
    bob = gallery.add("Bob", [a_sample(3)], by="me")
    assert gallery.embeddings(MODEL)[1] == [ana.id, bob.id]
    matrix, ids = gallery.embeddings(OTHER_MODEL)
    assert (matrix.shape, ids) == ((1, 64), [ana.id])
    assert gallery.embeddings("c" * 64)[0].shape == (0, 0)
    assert (gallery.stale(OTHER_MODEL), gallery.stale(MODEL)) == ([bob], [])


def test_kept_crops_are_embedded_anew_for_a_new_model(gallery):
    """Whoever has none stays stale; the old model's sample is replaced."""
    picture = np.full((8, 8, 3), 7, np.uint8)
    ana = gallery.add("Ana", [a_sample(1, crop=encode_crop(picture))], by="me")
    gallery.add("Bob", samples(1, 2), by="me")
    seen = []
    done = gallery.re_embed("new", OTHER_MODEL, lambda crop: seen.append(crop) or unit(9, 64), by="me")
    assert [person.id for person in done] == [ana.id]
    assert np.array_equal(seen[0], picture)
    assert gallery.embeddings(OTHER_MODEL)[1] == [ana.id]
    assert [person.name for person in gallery.stale(OTHER_MODEL)] == ["Bob"]
    assert gallery.samples(ana.id)[0].crop is not None
    assert gallery.re_embed("new", OTHER_MODEL, lambda crop: unit(9, 64), by="me") == []


def test_the_audit_log_says_who_did_what_and_names_nobody(gallery, clock):
    """The latest first; ids only, so that a name goes with its person. It is bounded by the caller's limit."""
    ana = gallery.add("Ana Very Secret", samples(1), by="uid 1000")
    gallery.rename(ana.id, "Another", by="uid 0")
    gallery.erase(ana.id, by="uid 0")
    assert [(one.action, one.by, one.subject) for one in gallery.audit()] == [
        ("erase", "uid 0", ana.id),
        ("rename", "uid 0", ana.id),
        ("enrol", "uid 1000", ana.id),
    ]
    assert "Secret" not in str(gallery.audit())
    assert len(gallery.audit(2)) == 2


def test_files_are_for_the_owners_eyes_alone(gallery, folder):
    """Folders 0700, files 0600: database, its log, key, backups."""
    gallery.add("Ana", samples(1), by="me")
    gallery.backup()
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
