"""`edged models sign`: vouches for a model that is right, and for no other."""

import shutil

import pytest

from edged.cli import main
from edged.inference.catalogue import shipped_models
from edged.inference.files.card import read_card
from edged.inference.files.signature import SignaturePolicy, is_signed
from tests.inference.keys import make_keys


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A copy of the shipped model among the box's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGED_MODELS__PATH", str(tmp_path / "models"))
    return shutil.copytree(shipped_models() / "drone_sound", tmp_path / "models" / "drone_sound")


def test_a_signed_model_passes_where_signatures_are_required(own, tmp_path, capsys):
    """It says by which key, and where the signature is."""
    private, public = make_keys(tmp_path)
    assert main(["models", "sign", "drone_sound", "--key", str(private)]) == 0
    assert capsys.readouterr().out.startswith("drone_sound: signed by ")
    read_card(own, SignaturePolicy(required=True, keys=(public,)))
    assert main(["models", "show", "drone_sound"]) == 0
    shown = capsys.readouterr().out.splitlines()[0]
    assert ", signed by " in shown
    assert "nobody" not in shown


def test_a_void_signature_is_told_and_the_model_shown(own, tmp_path, capsys):
    """`edged models verify` fails on it."""
    assert main(["models", "sign", "drone_sound", "--key", str(make_keys(tmp_path)[0])]) == 0
    (own / "card.yaml").write_text((own / "card.yaml").read_text() + "\n")
    assert main(["models", "show", "drone_sound"]) == 0
    captured = capsys.readouterr()
    assert "card.yaml was changed after the key" in captured.err
    assert "signed by nobody\n" in captured.out


def test_a_damaged_model_is_not_signed(own, tmp_path, capsys):
    """Who signs says that it is right."""
    (own / "unknown.npz").write_bytes(b"")
    assert main(["models", "sign", "drone_sound", "--key", str(make_keys(tmp_path)[0])]) == 78
    assert "unknown.npz has sha256" in capsys.readouterr().err
    assert not is_signed(own)


def test_a_missing_key_tells_how_to_make_one(own, capsys):
    """The commands to give."""
    assert main(["models", "sign", "drone_sound", "--key", "private.pem"]) == 78
    assert "private.pem: no such file; `openssl genpkey -algorithm ed25519" in capsys.readouterr().err
