"""Damage: a database that is not sound is set aside and the last good backup is used; never silently empty."""

import random

import pytest

from edged.errors import GalleryError
from tests.gallery.faces import Clock, open_gallery, samples

PEOPLE = [f"Person {number}" for number in range(8)]


@pytest.fixture
def taught(folder, clock):
    """A closed gallery with eight people, and a backup of six of them."""
    gallery = open_gallery(folder, clock)
    for number, name in enumerate(PEOPLE):
        gallery.add(name, samples(3, number), by="me")
        if number == 5:
            gallery.backup()
    gallery.close()
    return folder


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_is_survived(taught, seed):
    """Either it does no harm (unused bytes), or the report says what was lost and the backup is in use."""
    chance = random.Random(seed)
    database = taught / "gallery.db"
    data = bytearray(database.read_bytes())
    kind, at = seed % 4, chance.randrange(len(data))
    if kind == 0:
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[at : at + 512] = chance.randbytes(len(data[at : at + 512]))
    elif kind == 2:
        data = data[:at]
    else:
        data[at % 200] ^= 0xFF  # the header
    database.write_bytes(data)
    gallery = open_gallery(taught)
    names = [one.name for one in gallery.people()]
    assert names == (PEOPLE[:6] if gallery.report else PEOPLE)
    if gallery.report:
        (aside,) = taught.glob("damaged-*.db")
        assert aside.read_bytes()[: len(data)] == data
        assert f"set aside as {aside.name}; the backup " in gallery.report
        assert any("set aside" in line for line in gallery.verify())
    gallery.add("Someone new", samples(1, 99), by="me")
    gallery.close()


def test_a_newer_backup_that_is_damaged_too_is_passed_over(taught, clock):
    """The last good one is used, and the next backup is the newest again."""
    gallery = open_gallery(taught, clock)
    bad = gallery.backup()
    gallery.close()
    bad.write_bytes(bad.read_bytes()[:5000])
    (taught / "gallery.db").write_bytes(b"")
    again = open_gallery(taught, clock)
    assert [one.name for one in again.people()] == PEOPLE[:6]
    assert again.audit(1)[0].action == "recover"
    new = again.backup()
    assert new == max(new.parent.glob("*.db"))
    again.close()


def test_without_a_backup_it_begins_empty_and_says_so(folder, clock):
    """The damaged file is kept; each start tells of it until it is deleted, and so does `verify`."""
    gallery = open_gallery(folder, clock)
    gallery.add("Ana", samples(1), by="me")
    gallery.close()
    (folder / "gallery.db").write_bytes(b"not a database" * 1000)
    again = open_gallery(folder, clock)
    assert again.people() == []
    assert "there is no good backup: the gallery begins empty, enrol or import again" in again.report
    assert len(list(folder.glob("damaged-*.db"))) == 1
    again.close()
    third = open_gallery(folder, clock)
    (aside,) = folder.glob("damaged-*.db")
    assert third.report.startswith(f"{aside.name} was set aside at an earlier start; delete it")
    assert "was set aside, damaged" in third.verify()[0]
    third.close()
    aside.unlink()
    fourth = open_gallery(folder, clock)
    assert (fourth.report, fourth.verify()) == ("", [])
    fourth.close()


def test_a_database_that_is_gone_is_missed(taught):
    """Where backups are there it is not taken for a new gallery."""
    (taught / "gallery.db").unlink()
    gallery = open_gallery(taught)
    assert gallery.report.startswith("the database was gone; the backup ")
    assert [one.name for one in gallery.people()] == PEOPLE[:6]
    gallery.close()


def test_a_database_that_another_process_uses_is_not_moved(taught):
    """The other would go on writing into what was set aside."""
    other = open_gallery(taught)
    data = bytearray((taught / "gallery.db").read_bytes())
    data[-600:] = bytes(600)
    data[5000:9000] = bytes(4000)
    (taught / "gallery.db").write_bytes(data)
    with pytest.raises(GalleryError, match="the database is damaged, but another process uses it; stop edged"):
        open_gallery(taught)
    assert not list(taught.glob("damaged-*"))
    other.close()


def test_what_is_kept_has_an_end(folder):
    """So many backups, and five databases that were set aside."""
    clock = Clock()
    gallery = open_gallery(folder, clock, backups=2)
    for number in range(4):
        gallery.add(f"P{number}", samples(1, number), by="me")
        assert gallery.backup()
        assert gallery.backup() is None, "nothing was changed since"
    gallery.close()
    assert len(list((folder / "backups").iterdir())) == 2
    for _ in range(7):
        (folder / "gallery.db").write_bytes(b"rubbish")
        open_gallery(folder, clock).close()
    assert len(list(folder.glob("damaged-*"))) == 5
