"""`edged models verify`: one line a model."""

import shutil

import pytest

from edged.cli import main
from edged.inference.catalogue import shipped_models
from edged.inference.files.signature import fingerprint, sign
from tests.inference.keys import make_keys


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A copy of the shipped model among the box's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGED_MODELS__PATH", str(tmp_path / "models"))
    return shutil.copytree(shipped_models() / "drone_sound", tmp_path / "models" / "copy")


def test_all_that_are_here_are_checked(own, capsys):
    """The box's own and those that came with edged."""
    assert main(["models", "verify"]) == 0
    lines = ["copy: ok (cpu, unknown), not signed", "drone_sound: ok (cpu, unknown), not signed"]
    assert capsys.readouterr().out.splitlines() == lines


def test_a_signature_is_checked_where_there_is_one(own, tmp_path, capsys):
    """And fails where the card was changed after it."""
    signer = fingerprint(sign(own, make_keys(tmp_path)[0]))
    assert main(["models", "verify", "copy"]) == 0
    assert capsys.readouterr().out == f"copy: ok (cpu, unknown), signed by {signer}\n"
    (own / "card.yaml").write_text((own / "card.yaml").read_text() + "\n")
    assert main(["models", "verify", "copy"]) == 1
    assert f"was changed after the key {signer} signed it" in capsys.readouterr().err


def test_a_required_signature_that_is_not_there_fails(own, tmp_path, monkeypatch, capsys):
    """As it would when the box loads the model."""
    private, public = make_keys(tmp_path)
    sign(own, private)
    (tmp_path / "edged.yaml").write_text(f"models: {{require_signature: true, trusted_keys: [{public}]}}\n")
    assert main(["models", "verify"]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("copy: ok")
    assert "model drone_sound: is not signed, and models.require_signature is true" in captured.err


def test_to_require_signatures_and_trust_nobody_is_a_fault(own, tmp_path, capsys):
    """No model could be used."""
    (tmp_path / "edged.yaml").write_text("models: {require_signature: true}\n")
    assert main(["models", "verify"]) == 78
    assert "trusted_keys: [], must name at least one public key" in capsys.readouterr().err


def test_one_that_fails_does_not_hide_the_others(own, capsys):
    """The rest are told, and the command fails."""
    (own / "drone_sound.tflite").write_bytes(b"half")
    assert main(["models", "verify"]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("drone_sound: ok")
    assert "drone_sound.tflite has sha256" in captured.err


def test_an_unknown_name_is_one_line(own, capsys):
    """With a near one."""
    assert main(["models", "verify", "copi"]) == 1
    assert "did you mean 'copy'?" in capsys.readouterr().err
