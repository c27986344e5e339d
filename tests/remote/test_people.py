"""The command `people`: the same that the local socket does, for whoever the configuration lets ask from afar."""

import pytest

from edged.commands import CommandError
from edged.errors import EdgedError
from edged.messages.requests import PeopleRequest
from edged.remote.people import RemotePeople
from tests.enrolment.box import a_box, picture_of, sample


@pytest.fixture
def box(tmp_path):
    frames = [None, *(picture_of(3, look) for look in range(20))]
    with a_box(tmp_path, frames) as made:
        made.gallery.add("Ana", [sample(1), sample(1, 1)], by="test")
        yield made


def ask(box, action, **fields):
    request = PeopleRequest(transaction="t1", at="2026-11-21T07:38:05Z", action=action, **fields)
    return RemotePeople(lambda: box.handlers)(request)


def test_the_list_has_ids_and_names_alone(box):
    """No notes, no dates, nothing that was learnt."""
    assert ask(box, "list") == {"people": [{"id": box.gallery.find("Ana").id, "name": "Ana"}]}


def test_somebody_is_renamed_and_erased_and_the_audit_log_says_from_where(box):
    """By id, as events have it."""
    ana = box.gallery.find("Ana").id
    assert ask(box, "rename", person=ana, name="Anna")["name"] == "Anna"
    assert ask(box, "erase", person=ana)["samples"] == 2
    assert box.gallery.people() == []
    assert {entry.by for entry in box.gallery.audit(2)} == {"MQTT, transaction t1"}


def test_somebody_before_a_camera_is_enrolled(box):
    """As many pictures as were asked for."""
    assert ask(box, "enroll", name="Bea", camera="camera", count=3)["name"] == "Bea"
    assert box.gallery.find("Bea").samples == 3
    assert box.closed


def test_what_needs_an_answer_back_is_left_to_the_box_itself(box):
    """Nobody is stored who may be somebody else."""
    box.gallery.add("Cleo", [sample(3, 50)], by="test")
    with pytest.raises(CommandError, match=r'to "Cleo": the same person.*enrol on the box itself'):
        ask(box, "enroll", name="Bea", camera="camera")
    assert [person.name for person in box.gallery.people()] == ["Ana", "Cleo"]


def test_where_nobody_is_looked_for_nobody_is_known(box):
    """And a person who is not there is an error in words."""
    with pytest.raises(EdgedError):
        ask(box, "erase", person="0" * 26)
    request = PeopleRequest(transaction="t1", action="list")
    with pytest.raises(CommandError, match="no pipeline of faces"):
        RemotePeople(dict)(request)
