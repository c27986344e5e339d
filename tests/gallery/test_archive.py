"""Archives: people move to another box, whole or not at all, whatever is in the file."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edged.errors import GalleryError
from edged.gallery.archive import MARK, read_archive, write_archive
from edged.gallery.people import Person
from edged.gallery.vault import Vault
from tests.gallery.faces import Clock, a_sample, open_gallery, samples

ANA = Person("01M7ZC3MBA4QK4GJJNWTBM0A2M", "Ana", "", None, None, 1.0, changed_at=1.0)
VAULT = Vault(bytes(32))


@pytest.fixture
def other(tmp_path):
    """A gallery on another box."""
    opened = open_gallery(tmp_path / "other")
    yield opened
    opened.close()


def test_people_come_over_with_all_that_is_known_of_them(gallery, other, tmp_path):
    """To the bit; a second import changes nothing, so that one that was cut off is simply given again."""
    ana = gallery.add("Ana", samples(2), by="me", notes="front desk")
    gallery.add("Bob", samples(1, 2), by="me")
    assert gallery.export(tmp_path / "a.edged", "a passphrase", by="me") == 2
    assert (tmp_path / "a.edged").stat().st_mode & 0o777 == 0o600
    report = other.import_(tmp_path / "a.edged", "a passphrase", by="them")
    assert (report.added, report.refused) == (2, ())
    assert other.people() == gallery.people()
    assert [one.embedding.tobytes() for one in other.samples(ana.id)] == [
        one.embedding.tobytes() for one in gallery.samples(ana.id)
    ]
    again = other.import_(tmp_path / "a.edged", "a passphrase", by="them")
    assert (again.added, again.replaced, again.unchanged) == (0, 0, 2)
    assert other.audit()[0].action == "import"


def test_the_later_version_of_a_person_counts(tmp_path):
    """On either side."""
    clock = Clock()
    here, there = open_gallery(tmp_path / "here", clock), open_gallery(tmp_path / "there", clock)
    ana = here.add("Ana", samples(1), by="me")
    here.export(tmp_path / "old.edged", "a passphrase", by="me")
    there.import_(tmp_path / "old.edged", "a passphrase", by="me")
    here.rename(ana.id, "Anna", by="me")
    here.add_samples(ana.id, samples(2, 5), by="me")
    here.export(tmp_path / "new.edged", "a passphrase", by="me")
    assert there.import_(tmp_path / "new.edged", "a passphrase", by="me").replaced == 1
    assert there.people() == here.people()
    assert there.import_(tmp_path / "old.edged", "a passphrase", by="me").unchanged == 1
    assert there.find(ana.id).name == "Anna"
    here.close()
    there.close()


def test_a_name_that_is_anothers_is_refused_and_the_rest_goes_on(gallery, other, tmp_path):
    """Two boxes may each have taught an Ana."""
    gallery.add("Ana", samples(1), by="me")
    gallery.add("Bob", samples(1, 1), by="me")
    gallery.export(tmp_path / "a.edged", "a passphrase", by="me")
    mine = other.add("ana", samples(1, 7), by="me")
    report = other.import_(tmp_path / "a.edged", "a passphrase", by="me")
    assert report.added == 1
    assert "'ana' is enrolled already" in report.refused[0]
    assert other.find("Ana") == mine


def test_without_a_passphrase_only_the_same_key_opens_it(gallery, other, tmp_path):
    """And each kind of archive says what it needs."""
    gallery.add("Ana", samples(1), by="me")
    gallery.export(tmp_path / "key.edged", by="me")
    gallery.export(tmp_path / "pass.edged", "a passphrase", by="me")
    assert gallery.import_(tmp_path / "key.edged", by="me").unchanged == 1
    for path, passphrase, problem in (
        ("key.edged", None, "the passphrase or key is another"),
        ("key.edged", "a passphrase", "has no passphrase"),
        ("pass.edged", None, "needs its passphrase"),
        ("pass.edged", "another phrase", "the passphrase or key is another"),
        ("absent.edged", None, "No such file"),
    ):
        with pytest.raises(GalleryError, match=problem):
            other.import_(tmp_path / path, passphrase, by="me")
    with pytest.raises(GalleryError, match="is there already; name another file"):
        gallery.export(tmp_path / "key.edged", by="me")
    with pytest.raises(GalleryError, match="has 5 characters, must have at least 8"):
        gallery.export(tmp_path / "short.edged", "short", by="me")
    assert not list(tmp_path.glob("*.part"))


def test_half_an_archive_is_refused_whole(gallery, tmp_path):
    """Cut at any record, with records left out, doubled or in another order: nobody of it is taken in."""
    people = [
        (Person(f"01M7ZC3MBA4QK4GJJNWTBM0A{n:02}", f"P{n}", "", None, None, 1, changed_at=1), []) for n in range(4)
    ]
    path, cut = tmp_path / "whole.edged", tmp_path / "cut.edged"
    write_archive(path, gallery._vault, None, people)
    data = path.read_bytes()
    head, rest, records = data[: len(MARK) + 17], data[len(MARK) + 17 :], []
    while rest:
        size = 4 + int.from_bytes(rest[:4], "big")
        records.append(rest[:size])
        rest = rest[size:]
    orders = [records[:n] for n in range(5)]
    orders += [records[1:], records[:1] + records, records[::-1], [*records, records[-1]]]
    for chosen in [data[:-1], data + b"x", *(head + b"".join(order) for order in orders)]:
        cut.write_bytes(chosen)
        with pytest.raises(GalleryError, match=r"cut short|does not open|is no archive"):
            gallery.import_(cut, by="me")
        assert gallery.people() == []
    assert gallery.import_(path, by="me").added == 4


@given(st.binary(max_size=300), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rubbish_is_refused_in_one_line(tmp_path, rubbish, marked):
    """Whatever the bytes are, a GalleryError and nothing else."""
    path = tmp_path / "rubbish.edged"
    path.write_bytes((MARK + b"k" if marked else b"") + rubbish)
    with pytest.raises(GalleryError):
        list(read_archive(path, VAULT, None))


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_an_archive_that_was_changed_is_refused(tmp_path, data):
    """Any bit."""
    path = tmp_path / "a.edged"
    path.unlink(missing_ok=True)
    write_archive(path, VAULT, None, [(ANA, [a_sample()])])
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) * 8 - 1))
    content[at // 8] ^= 1 << at % 8
    path.write_bytes(content)
    with pytest.raises(GalleryError):
        list(read_archive(path, VAULT, None))


def test_a_length_beyond_the_end_of_the_file_is_refused(tmp_path):
    """Even where all that it would have to hold is there."""
    path = tmp_path / "a.edged"
    write_archive(path, VAULT, None, [(ANA, [a_sample()])])
    content = path.read_bytes()
    at = content.rindex(b"\0\0\0")  # the length of the last, empty record
    path.write_bytes(content[:at] + b"\1" + content[at + 1 :])
    with pytest.raises(GalleryError, match="cut short or changed"):
        list(read_archive(path, VAULT, None))


SAMPLE = {"embedding": "AAAA", "model": "m", "sha256": "x", "quality": 1, "at_s": 1, "origin": "", "crop": None}
WRITTEN = {"id": ANA.id, "name": "A", "notes": "", "consent": None, "expires": None, "created_at": 1, "changed_at": 1}
EVIL = [{}, [], {**WRITTEN, "samples": [SAMPLE]}, {**WRITTEN, "id": "../../x", "samples": []}]
EVIL += [{**WRITTEN, "name": "A\0", "samples": []}, {**WRITTEN, "changed_at": float("inf"), "samples": []}]


@pytest.mark.parametrize("record", [b"", b"[" * 100_000, *(json.dumps(one).encode() for one in EVIL)])
def test_an_archive_made_to_harm_is_refused(tmp_path, record):
    """Rightly sealed, by somebody with the passphrase, and yet no person."""
    path, salt = tmp_path / "evil.edged", bytes(16)
    sealed = [VAULT.seal(record, "archive", salt.hex(), 1, False), VAULT.seal(b"", "archive", salt.hex(), 2, True)]
    body = b"".join(len(one).to_bytes(4, "big") + one for one in sealed)
    path.write_bytes(MARK + b"k" + salt + body)
    with pytest.raises(GalleryError, match=r"record 1: .*the archive is not what edged writes; nothing was imported"):
        list(read_archive(path, VAULT, None))


def test_a_sample_of_another_size_refuses_the_archive(gallery, tmp_path):
    """The index could not hold it beside the others of its model."""
    gallery.add("Bob", samples(1), by="me")
    write_archive(tmp_path / "a.edged", gallery._vault, None, [(ANA, [a_sample(length=64)])])
    with pytest.raises(GalleryError, match="64 numbers, others of this model have another length; nothing was"):
        gallery.import_(tmp_path / "a.edged", by="me")
    assert [one.name for one in gallery.people()] == ["Bob"]
