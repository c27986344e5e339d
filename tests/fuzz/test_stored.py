"""What lies on the box's own disk, which may rot: changes by command, archives of people, events that wait."""

import json
import logging
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edged.changes import Changes
from edged.errors import GalleryError
from edged.gallery.archive import MARK, read_archive, write_archive
from edged.gallery.vault import Vault
from edged.outbox import Outbox, OutboxConfig
from edged.runtime.health import Health
from edged.settings import Settings
from tests.events import an_event
from tests.fuzz.mutating import bounded, damaged, few, more, rare
from tests.gallery.faces import samples
from tests.gallery.test_archive import ANA
from tests.outbox.clocks import Hands

FILE = Settings()
CHANGED = tuple(
    json.dumps(
        {key: {"value": value, "file": was, "at": "2026-11-21T07:38:05.000Z", "by": "mqtt", "earlier": [was]}}
    ).encode()
    for key, value, was in (
        ("pipelines.drones.enabled", False, True),
        ("health.interval_s", 60.0, 30.0),
        ("site", "yard", None),
        ("sources", {}, FILE.model_dump(mode="json")["sources"]),
    )
)
WORDS = (
    b"NaN",
    b"Infinity",
    b"1e999",
    b"9" * 5000,
    b"[" * 2000,
    b'"\\ud800"',
    b"null",
    b"\xff",
    b"{}",
    b"[]",
    b".",
    b"true",
)


@few
@example(b"[" * 100_000)
@example(b'{"site": {"value": "\\ud800", "file": null, "at": "", "by": "", "earlier": []}}')
@given(damaged(CHANGED, WORDS) | st.binary(max_size=100))
def test_changes_by_command_count_or_are_set_aside(tmp_path, caplog, content):
    """The box starts, with its configuration alone if need be."""
    caplog.set_level(logging.CRITICAL)
    path = tmp_path / "changes.json"
    path.write_bytes(content)
    with bounded():
        changes = Changes(path)
        assert isinstance(changes.lay_over(FILE), Settings)
        changes.set(FILE, {"health.interval_s": 77.0}, "me")()
    for aside in tmp_path.glob("changes.damaged-*"):
        aside.unlink()


VAULT = Vault(bytes(32))


def archive(folder: Path) -> bytes:
    """Of one person."""
    path = folder / "good.edged"
    path.unlink(missing_ok=True)
    write_archive(path, VAULT, None, [(ANA, samples(2))])
    return path.read_bytes()


@few
@given(data=st.data())
def test_an_archive_of_people_is_read_whole_or_refused(tmp_path, data):
    """Nobody comes out of it changed."""
    good = archive(tmp_path)
    path = tmp_path / "damaged.edged"
    path.write_bytes(data.draw(damaged([good], [MARK])))
    with bounded(GalleryError):
        assert [person.name for person, _ in read_archive(path, VAULT, None)] == [ANA.name]


PERSON = json.dumps(
    {
        "id": ANA.id,
        "name": "Ana",
        "notes": "",
        "consent": "2026-01-01",
        "expires": None,
        "created_at": 1.0,
        "changed_at": 1.0,
        "samples": [
            {
                "embedding": "AACAPwAAAAA=",
                "model": "m",
                "sha256": "a",
                "quality": 0.5,
                "at_s": 1.0,
                "origin": "x",
                "crop": None,
            }
        ],
    }
).encode()


@more
@given(content=damaged([PERSON], WORDS))
def test_a_person_from_another_box_is_taken_as_written_or_refused(tmp_path, content):
    """Whoever knows the passphrase may write anything into an archive."""
    path, salt = tmp_path / "sealed.edged", bytes(16)
    sealed = [
        VAULT.seal(text, "archive", salt.hex(), number, last)
        for number, text, last in ((1, content, False), (2, b"", True))
    ]
    path.write_bytes(MARK + b"k" + salt + b"".join(len(one).to_bytes(4, "big") + one for one in sealed))
    with bounded(GalleryError):
        for person, taken in read_archive(path, VAULT, None):
            assert person.samples == len(taken)


def outbox_at(path: Path) -> Outbox:
    """As a box opens it."""
    return Outbox(path, OutboxConfig(drain_per_s=100_000), Health().part("outbox"), Hands().clock())


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An outbox in which three events wait."""
    path = tmp_path_factory.mktemp("good") / "outbox.sqlite3"
    box = outbox_at(path)
    for number in range(3):
        box(an_event(number=number))
    box.close()
    return path.read_bytes()


@rare
@given(data=st.data())
def test_an_outbox_that_rots_takes_the_next_event_all_the_same(tmp_path, caplog, waiting, data):
    """What is read from it is an event; what cannot be read keeps nothing up."""
    caplog.set_level(logging.CRITICAL)
    for old in tmp_path.iterdir():
        old.unlink()
    path = tmp_path / "outbox.sqlite3"
    path.write_bytes(data.draw(damaged([waiting], [b'"seq":', b"\xff", b"\x00"])))
    with bounded():
        box = outbox_at(path)
        box(an_event(number=9))
        taken = [message.message for message in iter(lambda: box.take(0.05), None)]
        box.close()
    assert taken
    assert taken[0].id == taken[0].id.upper()
