"""`edged people`, with a running edged and without: the same words, the same exit status."""

import json
import os
from contextlib import closing

import pytest

from edged.cli import main
from edged.gallery.config import GalleryConfig
from edged.gallery.gallery import Gallery
from tests.enrolment.box import a_box, sample


@pytest.fixture(params=["running", "not running"])
def gallery(request, tmp_path, monkeypatch):
    """Ana and Bea are enrolled; commands find the gallery, or the socket of who has it open."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGED_MODELS__PATH", str(tmp_path / "models"))
    monkeypatch.setenv("EDGED_GALLERY__PATH", str(tmp_path / "faces"))
    monkeypatch.setenv("EDGED_CONTROL__PATH", str(tmp_path / "c.sock"))
    with a_box(tmp_path) as box:
        box.gallery.add("Ana", [sample(1), sample(1, 1)], by="test")
        box.gallery.add("Bea", [sample(2)], by="test")
        if request.param == "running":
            with box.serving(tmp_path / "c.sock"):
                yield box.kept
            return
    yield box.kept


def out_of(capsys, *arguments, status=0):
    assert main(["people", *map(str, arguments)]) == status
    return capsys.readouterr().out


def names(config):
    with closing(Gallery.open(config)) as gallery:
        return [person.name for person in gallery.people()]


def test_everybody_is_listed(gallery, capsys):
    """As a table and as JSON."""
    assert out_of(capsys, "list") == "name  samples  consent  expires\nAna   2\nBea   1\n"
    assert [one["name"] for one in json.loads(out_of(capsys, "list", "--json"))] == ["Ana", "Bea"]


def test_nobody_needs_to_be_made_anew_for_the_embedder_that_they_have(gallery, request, capsys):
    """And without a running edged, whose models are not here, that is one line."""
    if request.node.callspec.params["gallery"] == "running":
        assert out_of(capsys, "re-embed") == "everybody is enrolled with embedder\n"
    else:
        assert out_of(capsys, "re-embed", status=78) == ""


def test_somebody_is_shown(gallery, capsys):
    """Without what the model made of them."""
    shown = out_of(capsys, "show", "ana")
    assert "name     Ana\n" in shown
    assert "1970-01-01 00:16:40Z  embedder  0.90     test" in shown
    assert "embedding" not in json.loads(out_of(capsys, "show", "Ana", "--json"))["taught_from"][0]


def test_people_are_renamed_and_merged(gallery, capsys):
    """One line each."""
    assert out_of(capsys, "rename", "Ana", "Anna") == "Ana: is now Anna\n"
    assert out_of(capsys, "merge", "Anna", "Bea") == "Bea: 3 samples now, Anna is gone\n"
    assert names(gallery) == ["Bea"]


def test_nobody_is_erased_without_a_word(gallery, capsys):
    """Where nobody is there to be asked, --yes is the word."""
    assert main(["people", "erase", "Ana"]) == 1
    assert "Ana: not erased; --yes confirms" in capsys.readouterr().err
    assert "Ana: erased, 2 samples\n" in out_of(capsys, "erase", "Ana", "--yes")
    assert json.loads(out_of(capsys, "erase", "Bea", "--yes", "--json"))["samples"] == 1
    assert names(gallery) == []


def test_who_is_not_known_is_one_line(gallery, capsys):
    """With who may be meant; exit status 1."""
    assert main(["people", "show", "Anna"]) == 1
    assert capsys.readouterr().err.startswith("edged: person 'Anna': is not in the gallery; did you mean 'Ana'?")


def test_a_sound_gallery_is_ok(gallery, capsys):
    """Exit status 0."""
    assert out_of(capsys, "verify") == "gallery: ok\n"
    assert json.loads(out_of(capsys, "verify", "--json")) == {"faults": []}


def test_the_audit_log_says_who_did_what(gallery, capsys):
    """By the kernel's word, whichever way they came."""
    out_of(capsys, "rename", "Ana", "Anna")
    entries = json.loads(out_of(capsys, "audit", "--json"))
    renamed = next(one for one in entries if one["action"] == "rename")
    assert f"(uid {os.getuid()}, pid {os.getpid()})" in renamed["by"]
    assert "rename" in out_of(capsys, "audit", "--limit", "2")


def test_an_archive_goes_from_box_to_box(gallery, capsys, tmp_path, monkeypatch):
    """Encrypted, for its owner alone, whole or not at all; importing twice changes nothing."""
    (tmp_path / "secret").write_text("hush hush\n")
    word = ["--passphrase-file", tmp_path / "secret"]
    assert "bytes" in out_of(capsys, "export", tmp_path / "out.edged", *word)
    assert (tmp_path / "out.edged").stat().st_mode & 0o777 == 0o600
    assert b"Ana" not in (tmp_path / "out.edged").read_bytes()
    assert not (tmp_path / "out.edged.part").exists()
    monkeypatch.setenv("EDGED_GALLERY__PATH", str(tmp_path / "other"))
    monkeypatch.setenv("EDGED_CONTROL__PATH", str(tmp_path / "nobody.sock"))
    assert "2 added" in out_of(capsys, "import", tmp_path / "out.edged", *word)
    assert json.loads(out_of(capsys, "import", tmp_path / "out.edged", *word, "--json"))["unchanged"] == 2
    assert names(GalleryConfig(path=tmp_path / "other")) == ["Ana", "Bea"]


def test_an_export_to_nowhere_and_a_passphrase_from_nobody_are_one_line(gallery, capsys, tmp_path):
    """Nothing is written."""
    (tmp_path / "secret").write_text("hush hush")
    assert main(["people", "export", "/nowhere/x", "--passphrase-file", str(tmp_path / "secret")]) == 1
    assert "/nowhere/x: cannot be written: No such file" in capsys.readouterr().err
    assert main(["people", "export", str(tmp_path / "x")]) == 1
    assert "--passphrase-file names a file" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_an_archive_that_is_none_is_named_as_its_owner_names_it(gallery, capsys, tmp_path):
    """Not by the copy that the box makes of it; a passphrase that cannot be read likewise."""
    (tmp_path / "secret").write_text("hush hush")
    (tmp_path / "notes.txt").write_text("no archive")
    arguments = ["people", "import", str(tmp_path / "notes.txt"), "--passphrase-file"]
    assert main([*arguments, str(tmp_path / "secret")]) == 1
    assert capsys.readouterr().err.startswith(f"edged: {tmp_path}/notes.txt: is no archive of people; name a file")
    assert main([*arguments, "/absent"]) == 1
    assert capsys.readouterr().err == "edged: --passphrase-file /absent: cannot be read: No such file or directory\n"


def test_more_of_the_audit_log_than_there_may_be_is_wrong_usage(gallery, capsys):
    """The value and its bounds."""
    with pytest.raises(SystemExit):
        main(["people", "audit", "--limit", "0"])
    assert "--limit: '0', must be a whole number in [1, 1000]" in capsys.readouterr().err


def test_the_gallery_is_sealed_with_another_key(gallery, capsys, tmp_path):
    """The config is then to name it."""
    key = tmp_path / "new.key"
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write("5a" * 32)
    assert out_of(capsys, "rekey", key) == f"gallery: sealed anew with the key in {key}\n"
