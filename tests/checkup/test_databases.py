"""The check of gallery, outbox and history."""

import secrets
from contextlib import closing

import pytest

from edged.checkup.databases import check
from edged.outbox import Outbox
from edged.runtime.finding import Level
from tests.checkup.boxes import a_box, everything, levels, the
from tests.events import an_event
from tests.gallery.faces import open_gallery, samples


@pytest.fixture
def box(tmp_path):
    state = tmp_path / "state"
    return a_box(tmp_path, gallery={"path": str(state / "faces")}, outbox={"path": str(state / "outbox.sqlite3")})


def fill(folder):
    with closing(open_gallery(folder / "faces")) as gallery:
        gallery.add("Ana", samples(3), by="test")
        gallery.backup()


def test_a_box_that_never_ran_is_well(box, tmp_path):
    """And still has no files after that."""
    assert levels(check(box)) == ["gallery: ok", "outbox: ok", "history: ok"]
    assert not box.state.exists()


def test_the_files_of_a_running_box_are_whole_and_stay_as_they_are(box):
    """With people and messages, none of which is named."""
    fill(box.state)
    with closing(open_gallery(box.state / "faces")), closing(Outbox(box.state / "outbox.sqlite3")) as outbox:
        outbox(an_event())
        before = everything(box.state)
        found = list(check(box))
        assert everything(box.state) == before
    assert levels(found) == ["gallery: ok", "gallery key: ok", "backups: ok", "outbox: ok", "history: ok"]
    assert the(found, "gallery").found == "is whole: 1 people, 3 samples"
    assert the(found, "outbox").found == "is whole: 1 messages wait"


def test_damage_is_a_fault_and_nothing_is_repaired(box):
    """Both files hold rubbish."""
    fill(box.state)
    for path in (box.state / "faces" / "gallery.db", box.state / "outbox.sqlite3"):
        path.write_bytes(b"rubbish" * 2000)
    before = everything(box.state)
    found = list(check(box))
    assert everything(box.state) == before
    assert [the(found, about).level for about in ("gallery", "outbox")] == [Level.FAULT] * 2
    assert "restart edged" in the(found, "outbox").remedy


def test_a_key_that_does_not_fit_or_that_others_may_read_is_a_fault(box):
    """The gallery itself is whole."""
    fill(box.state)
    key = box.state / "faces" / "key"
    key.write_text(secrets.token_hex(32))
    assert "is not the key" in the(check(box), "gallery key").found
    key.chmod(0o644)
    assert the(check(box), "gallery key").remedy == f"chmod 600 {key}"
    key.unlink()
    assert levels(check(box))[:2] == ["gallery: ok", "gallery key: fault"]


def test_what_was_set_aside_is_told(box):
    """Until somebody has seen to it."""
    fill(box.state)
    (box.state / "faces" / "damaged-20261121T000000Z.db").touch()
    (box.state / "outbox.sqlite3.damaged-2026-11-21T00-00-00Z").touch()
    assert [one for one in levels(check(box)) if "warning" in one] == ["gallery: warning", "outbox: warning"]
