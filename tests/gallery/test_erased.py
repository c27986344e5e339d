"""Who was erased is known for as long as the audit log goes back, so that all that is kept elsewhere can go too."""

from datetime import date

from tests.gallery.faces import open_gallery, samples


def test_whoever_was_erased_or_expired_is_told_by_id(gallery, folder):
    """After a restart too; who is there, is not."""
    ana, ben = gallery.add("Ana", samples(1), by="me"), gallery.add("Ben", samples(1, 1), by="me")
    gone = gallery.add("Eve", samples(1, 2), by="me", expires=date(2020, 1, 1))
    assert gallery.erased() == set()
    gallery.erase(ana.id, by="me")
    assert gallery.expire(date(2021, 1, 1), by="me")
    assert gallery.erased() == {ana.id, gone.id}
    gallery.close()
    again = open_gallery(folder)
    assert again.erased() == {ana.id, gone.id}
    assert [one.id for one in again.people()] == [ben.id]
    again.close()


def test_whoever_was_merged_is_erased_with_whom_they_became(gallery):
    """And not before: they are the same person, who is still there."""
    one, two, three = (gallery.add(name, samples(1, at), by="me") for at, name in enumerate(("Ana", "Anna", "A.")))
    gallery.merge(one.id, two.id, by="me")
    gallery.merge(two.id, three.id, by="me")
    assert gallery.erased() == set()
    gallery.erase(three.id, by="me")
    assert gallery.erased() == {one.id, two.id, three.id}
