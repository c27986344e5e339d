"""What can be asked about the people whom the box knows."""

import os

import pytest

from edged.errors import GalleryError
from tests.enrolment.box import PEER, a_box, sample


@pytest.fixture
def box(tmp_path):
    with a_box(tmp_path) as made:
        made.gallery.add("Ana", [sample(1), sample(1, 1)], by="test")
        made.gallery.add("Bea", [sample(2, sha256="cd" * 32)], by="test")
        yield made


def test_everybody_is_listed_and_who_must_be_enrolled_again(box):
    """Those with no sample of today's model."""
    answer = box.ask("people.list")
    assert [(one["name"], one["samples"], one["re_enrol"]) for one in answer["people"]] == [
        ("Ana", 2, False),
        ("Bea", 1, True),
    ]
    assert answer["report"] == ""


def test_a_person_is_shown_with_what_they_were_taught_from_and_no_embedding(box):
    """By name or id."""
    person = box.ask("people.show", who="ana")
    assert [one["at_s"] for one in person["taught_from"]] == [1000.0, 1001.0]
    assert set(person["taught_from"][0]) == {"model", "sha256", "quality", "at_s", "origin"}
    assert box.ask("people.show", who=person["id"]) == person


def test_people_are_renamed_and_merged(box):
    """The answer is who they are now."""
    assert box.ask("people.rename", who="Ana", name="Ana B")["name"] == "Ana B"
    assert box.ask("people.merge", who="Ana B", into="Bea")["samples"] == 3
    assert [one["name"] for one in box.ask("people.list")["people"]] == ["Bea"]


def test_somebody_is_erased_and_the_audit_log_says_by_whom(box):
    """With the id alone."""
    ana = box.gallery.find("Ana")
    assert box.ask("people.erase", who="Ana")["samples"] == 2
    erased = next(one for one in box.ask("people.audit")["entries"] if one["action"] == "erase")
    assert (erased["by"], erased["subject"]) == (PEER.by, ana.id)
    assert "Ana" not in str(box.ask("people.audit"))


def test_a_sound_gallery_has_no_faults(box):
    """Every row opens."""
    assert box.ask("people.verify") == {"faults": []}


def test_the_gallery_is_sealed_with_another_key(box, tmp_path):
    """And still there."""
    key = tmp_path / "new.key"
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write("5a" * 32)
    box.ask("people.rekey", key_file=str(key))
    assert [one["name"] for one in box.ask("people.list")["people"]] == ["Ana", "Bea"]


def test_nobody_by_that_name_is_told_who_is_meant(box):
    """The gallery's own words."""
    with pytest.raises(GalleryError, match="did you mean 'Ana'"):
        box.ask("people.show", who="Anna")
