"""Archives go out and come in piece by piece; what was broken off goes on."""

import base64
import hashlib
import os
import stat

import pytest

from edged.control.protocol import ControlError
from edged.enrolment.transfer import PIECE_BYTES
from edged.errors import EdgedError
from tests.enrolment.box import PEER, a_box, sample


@pytest.fixture
def box(tmp_path):
    with a_box(tmp_path / "one") as made:
        made.gallery.add("Ana", [sample(1, look) for look in range(3)], by="test")
        yield made


def export(box, passphrase="hush hush"):
    *pieces, last = box.answers("people.export", passphrase=passphrase, name="people.edged")
    content = b"".join(base64.b64decode(piece.value["piece"]) for piece in pieces)
    assert last.value == {"bytes": len(content)}
    return content


def upload(box, content, offset=0):
    sha256, piece = hashlib.sha256(content).hexdigest(), content[offset : offset + PIECE_BYTES]
    arguments = {"sha256": sha256, "offset": offset, "piece": base64.b64encode(piece).decode()}
    return sha256, box.ask("people.upload", **arguments)["have"]


def test_what_goes_out_of_one_box_comes_into_another(box, tmp_path):
    """With the passphrase; nothing of it is left lying about, and the log says who had it."""
    content = export(box)
    with a_box(tmp_path / "two") as other:
        sha256, have = upload(other, content)
        assert have == len(content)
        report = other.ask("people.import", sha256=sha256, passphrase="hush hush")
        assert report["added"] == 1
        assert other.gallery.find("Ana").samples == 3
        assert list((tmp_path / "two" / "transfer").iterdir()) == []
    assert list((tmp_path / "one" / "transfer").iterdir()) == []
    entry = next(one for one in box.gallery.audit(10) if one.action == "export")
    assert entry.by == PEER.by
    assert entry.detail.endswith("/people.edged")


def test_an_export_that_is_cancelled_leaves_nothing(box, tmp_path):
    """The asker went away."""
    answers = box.handlers["people.export"]({"passphrase": "hush hush"}, PEER)
    next(answers)
    answers.close()
    assert list((tmp_path / "one" / "transfer").iterdir()) == []


def test_an_upload_goes_on_where_it_was(box):
    """A piece that came twice counts once; one that leaves a hole is not taken."""
    content = os.urandom(2 * PIECE_BYTES + 5)
    sha256, have = upload(box, content)
    assert have == PIECE_BYTES
    assert upload(box, content, 0)[1] == PIECE_BYTES
    assert upload(box, content, 2 * PIECE_BYTES)[1] == PIECE_BYTES
    assert box.ask("people.upload", sha256=sha256) == {"have": PIECE_BYTES}
    assert upload(box, content, PIECE_BYTES)[1] == 2 * PIECE_BYTES
    assert upload(box, content, 2 * PIECE_BYTES)[1] == len(content)


def test_what_comes_in_is_for_nobody_else_and_one_at_a_time(box, tmp_path):
    """Mode 0600 in a folder of mode 0700; a new archive takes the place of one left half."""
    folder = tmp_path / "one" / "transfer"
    upload(box, b"first")
    upload(box, b"second")
    (part,) = folder.iterdir()
    assert part.read_bytes() == b"second"
    assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(part.stat().st_mode)) == (0o700, 0o600)


def test_an_archive_that_did_not_come_or_is_none_is_refused(box):
    """The gallery stays as it was."""
    with pytest.raises(ControlError, match="has not come"):
        box.ask("people.import", sha256="0" * 64, passphrase="hush hush")
    sha256, _ = upload(box, b"garbage" * 100)
    with pytest.raises(EdgedError):
        box.ask("people.import", sha256=sha256, passphrase="hush hush")
    assert [person.name for person in box.gallery.people()] == ["Ana"]


def test_a_broken_upload_is_not_opened(box):
    """Half an archive is not what its sum says."""
    content = export(box)
    sha256 = hashlib.sha256(content).hexdigest()
    half = base64.b64encode(content[: len(content) // 2]).decode()
    box.ask("people.upload", sha256=sha256, offset=0, piece=half)
    with pytest.raises(EdgedError):
        box.ask("people.import", sha256=sha256, passphrase="hush hush")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", "a\nb"])
def test_an_export_has_the_name_of_a_file(box, name):
    """And cannot leave its folder."""
    with pytest.raises(ControlError, match="name: "):
        box.ask("people.export", passphrase="hush hush", name=name)


@pytest.mark.parametrize("sha256", ["../../etc/passwd", "0" * 63, "A" * 64, "0" * 64 + "\n"])
def test_an_upload_has_a_sum_for_a_name(box, sha256):
    """And cannot leave its folder either."""
    with pytest.raises(ControlError, match="sha256: "):
        box.ask("people.upload", sha256=sha256)
