"""Keys: the right one opens the gallery; a wrong, missing or careless one is refused, and nothing is touched."""

import base64
import os
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import GalleryError
from edged.gallery.key_file import make_key, read_key
from edged.gallery.vault import TamperedError, Vault
from tests.gallery.faces import a_sample, every_byte, open_gallery, samples


def write_key(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


def settled(folder):
    """All that would be lost if it were overwritten."""
    return {path: data for path, data in every_byte(folder).items() if not path.name.endswith(("-shm", "-wal"))}


def test_a_key_may_be_hexadecimal_or_base64(tmp_path):
    """With or without an end of line."""
    key = os.urandom(32)
    assert read_key(write_key(tmp_path / "hex", key.hex() + "\n")) == key
    assert read_key(write_key(tmp_path / "base64", base64.b64encode(key).decode())) == key


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "a" * 5000, base64.b64encode(b"x").decode()])
def test_what_is_no_key_is_refused(tmp_path, text):
    """The file and the remedy are named, its content is not."""
    with pytest.raises(GalleryError, match="is not 32 bytes as hex or base64; put the right file back"):
        read_key(write_key(tmp_path / "key", text))


def test_a_key_that_others_can_read_is_refused(tmp_path):
    """With the remedy; but for systemd's credentials, whose group bits are an ACL's."""
    path = write_key(tmp_path / "key", "00" * 32, 0o640)
    with pytest.raises(GalleryError, match=rf"others may read it \(mode 0640\); chmod 600 {path}"):
        read_key(path, {})
    assert read_key(path, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == bytes(32)
    with pytest.raises(GalleryError, match="mode 0644"):
        read_key(write_key(path, "00" * 32, 0o644), {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_a_wrong_key_changes_nothing(folder, tmp_path):
    """Not even where backups are there."""
    gallery = open_gallery(folder)
    gallery.add("Ana", samples(1), by="me")
    gallery.backup()
    gallery.close()
    before = settled(folder)
    make_key(tmp_path / "other")
    with pytest.raises(GalleryError, match=r"is not the key of .*put the right key there; nothing was changed"):
        open_gallery(folder, key_file=tmp_path / "other")
    (folder / "gallery.db").write_bytes(b"rubbish")
    with pytest.raises(GalleryError, match="the backups are sealed with another key"):
        open_gallery(folder, key_file=tmp_path / "other")
    (folder / "gallery.db").unlink()
    with pytest.raises(GalleryError, match="the backups are sealed with another key"):
        open_gallery(folder, key_file=tmp_path / "other")
    del before[folder / "gallery.db"]
    assert settled(folder) == before


def test_a_missing_key_is_not_made_anew(folder, tmp_path):
    """A gallery that is there can only be opened with its own; a key that the config names is never made."""
    with pytest.raises(GalleryError, match=r"cannot be read: No such file.*openssl rand"):
        open_gallery(folder, key_file=tmp_path / "absent")
    gallery = open_gallery(folder)
    gallery.close()
    (folder / "key").rename(tmp_path / "moved")
    with pytest.raises(GalleryError, match=r"is not there, and nothing else opens .*put it back"):
        open_gallery(folder)
    assert not (folder / "key").exists()
    open_gallery(folder, key_file=tmp_path / "moved").close()


def test_another_version_of_edged_is_told(folder):
    """Its database is left alone."""
    gallery = open_gallery(folder)
    gallery.close()
    vault = Vault(read_key(folder / "key"))
    with closing(sqlite3.connect(folder / "gallery.db")) as connection:
        connection.execute("UPDATE meta SET version = 2, sealed = ?", (vault.seal(b"", "meta", 2),))
        connection.commit()
    with pytest.raises(GalleryError, match="has schema 2, this edged knows 1"):
        open_gallery(folder)


@given(st.binary(max_size=200), st.data())
def test_a_sealed_value_opens_only_as_it_was_and_where_it_was(value, data):
    """Any bit that changes, in it or in what it is bound to, is noticed; the same value never looks the same."""
    vault = Vault(bytes(32))
    sealed = vault.seal(value, "people", "id", 1.5, None)
    assert vault.open(sealed, "people", "id", 1.5, None) == value
    assert vault.seal(value, "people", "id", 1.5, None) != sealed
    at = data.draw(st.integers(0, len(sealed) * 8 - 1))
    flipped = bytearray(sealed)
    flipped[at // 8] ^= 1 << at % 8
    for bad, bound in ((bytes(flipped), ("people", "id", 1.5, None)), (sealed, ("people", "other", 1.5, None))):
        with pytest.raises(TamperedError, match="changed behind edged's back"):
            vault.open(bad, *bound)
    with pytest.raises(TamperedError):
        Vault(bytes(31) + b"x").open(sealed, "people", "id", 1.5, None)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE samples SET person = (SELECT max(id) FROM people)",
        "UPDATE samples SET embedding = (SELECT embedding FROM samples s WHERE s.id != samples.id)",
        "UPDATE samples SET quality = 1",
        "UPDATE people SET expires = '2020-01-01'",
        "UPDATE people SET sealed = zeroblob(100)",
        "UPDATE audit SET who = 'somebody else'",
        "DELETE FROM people",
    ],
)
def test_rows_that_were_tampered_with_are_noticed(folder, gallery, change):
    """Values swapped between rows, clear columns, another's samples: each is named, and the backup is used."""
    gallery.add("Ana", [a_sample(1)], by="me")
    gallery.add("Bob", [a_sample(2)], by="me")
    gallery.backup()
    with closing(sqlite3.connect(folder / "gallery.db")) as connection:
        connection.execute(change)
        connection.commit()
    assert gallery.verify()
    gallery.close()
    again = open_gallery(folder)
    assert "was damaged" in again.report
    assert [one.name for one in again.people()] == ["Ana", "Bob"]
    again.close()


def test_a_new_key_opens_and_the_old_one_does_not(folder, tmp_path, gallery):
    """In place, or in a file that the config names from then on; backups are of the new key too."""
    ana = gallery.add("Ana", samples(2), by="me")
    gallery.backup()
    old = (folder / "key").read_bytes()
    gallery.rekey(by="me")
    assert (folder / "key").read_bytes() != old
    assert gallery.people() == [ana]
    assert gallery.verify() == []
    gallery.rekey(tmp_path / "named", by="me")
    gallery.rekey(by="me")  # replaces the one that is in use now
    gallery.close()
    with pytest.raises(GalleryError, match="is not the key"):
        open_gallery(folder)
    again = open_gallery(folder, key_file=tmp_path / "named")
    assert (again.people(), again.report, again.verify()) == ([ana], "", [])
    assert [one.action for one in again.audit(3)] == ["rekey"] * 3
    again.close()


def test_the_key_is_not_changed_under_another_process(folder, gallery):
    """It would read with the old one."""
    other = open_gallery(folder)
    with pytest.raises(GalleryError, match="the key cannot be changed, but another process uses it; stop edged"):
        gallery.rekey(by="me")
    other.close()
    gallery.rekey(by="me")
