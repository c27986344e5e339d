"""Signatures: where they are required, only models that a trusted owner signed as they are may be used."""

import shutil
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edged.errors import ConfigError, ModelError
from edged.inference.files.card import read_card
from edged.inference.files.signature import SignaturePolicy, check_signature, fingerprint, is_signed, sign
from tests.inference.keys import make_keys

_CURVE = ec.generate_private_key(ec.SECP256R1()).public_key()
CURVE = _CURVE.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def keys(tmp_path):
    """Private and public."""
    return make_keys(tmp_path)


@pytest.fixture
def policy(keys):
    """What the owner of ``keys`` has signed, and nothing else."""
    return SignaturePolicy(required=True, keys=(keys[1],))


def test_a_signed_model_is_used(folder, keys, policy):
    """Its card is read as ever; it names its signer."""
    assert not is_signed(folder)
    public = sign(folder, keys[0])
    assert is_signed(folder)
    assert read_card(folder, policy) == read_card(folder)
    assert check_signature(folder, (folder / "card.yaml").read_bytes()) == public
    assert len(fingerprint(public)) == 16


def test_any_of_several_owners_will_do(folder, tmp_path, keys, policy):
    """Keys are replaced one box at a time."""
    private, public = make_keys(tmp_path, "new")
    sign(folder, private)
    read_card(folder, SignaturePolicy(required=True, keys=(*policy.keys, public)))


def test_an_unsigned_model_is_refused(folder, policy):
    """With what to do if one trusts it."""
    with pytest.raises(
        ModelError, match=r"is not signed, and models.require_signature is true; .*edged models sign dro"
    ):
        read_card(folder, policy)


def test_a_model_that_a_stranger_signed_is_refused(folder, tmp_path, policy):
    """It names the stranger's key and ours."""
    private, _ = make_keys(tmp_path, "stranger")
    theirs = fingerprint(sign(folder, private))
    with pytest.raises(ModelError, match=rf"is signed by the key {theirs}, which models.trusted_keys does not name"):
        read_card(folder, policy)
    with pytest.raises(ModelError, match=r"\(it has none\)"):
        read_card(folder, SignaturePolicy(required=True))


def test_a_card_that_was_changed_is_refused(folder, keys, policy, change):
    """And so is a file, whose sum stands on the card."""
    public = sign(folder, keys[0])
    change(lambda card: card.update(labels=["drone", "background", "helicopter"]))
    with pytest.raises(
        ModelError, match=rf"card.yaml was changed after the key {fingerprint(public)} signed it; install"
    ):
        read_card(folder, policy)


def test_nothing_is_asked_of_models_where_no_signature_is_required(folder, keys, change):
    """A broken signature neither; `edged models verify` tells of it."""
    sign(folder, keys[0])
    change(lambda card: card.update(version="2"))
    assert read_card(folder).version == "2"


@given(content=st.binary(max_size=400) | st.from_regex(rb"ed25519 [A-Za-z0-9+/=]{0,60} [A-Za-z0-9+/=]{0,100}"))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_no_signature_is_refused(folder, policy, content):
    """Whatever it is."""
    (folder / "card.sig").write_bytes(content)
    with pytest.raises(ModelError, match=r"card.sig is no signature; install|changed after"):
        read_card(folder, policy)


def test_a_signature_of_another_model_is_refused(folder, keys, policy, tmp_path, change):
    """It is over every byte of the card."""
    other = shutil.copytree(folder, tmp_path / "other")
    sign(other, keys[0])
    shutil.copy(other / "card.sig", folder)
    change(lambda card: card.update(name="drone_sound", version="9"))
    with pytest.raises(ModelError, match="changed after"):
        read_card(folder, policy)


def test_a_missing_private_key_tells_how_to_make_one(folder, tmp_path):
    """The command to give."""
    with pytest.raises(ConfigError, match=r"private.pem: no such file; `openssl genpkey -algorithm ed25519 -out"):
        sign(folder, tmp_path / "private.pem")


def test_a_key_of_another_kind_or_with_a_password_is_named(folder, tmp_path, keys):
    """Also where a public key is given for a private one."""
    path = tmp_path / "key.pem"
    curve, edwards = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    path.write_bytes(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ConfigError, match=r"key.pem: is no ed25519 key; "):
        sign(folder, path)
    path.write_bytes(edwards.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    with pytest.raises(ConfigError, match=r"key.pem: has a password; `openssl pkey -in"):
        sign(folder, path)
    with pytest.raises(ConfigError, match=r"owner.public.pem: is no such key in PEM; "):
        sign(folder, keys[1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "models.trusted_keys: .*trusted.pem: no such file; `openssl"),
        (b"", "models.trusted_keys: .*trusted.pem: is no such key in PEM"),
        (b"\xff" * 100, "models.trusted_keys: .*trusted.pem: is no such key in PEM"),
        (CURVE, "models.trusted_keys: .*trusted.pem: is no ed25519 key"),
    ],
)
def test_a_trusted_key_that_cannot_be_read_is_named(folder, tmp_path, keys, content, message):
    """With the setting that names it."""
    sign(folder, keys[0])
    path = tmp_path / "trusted.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_card(folder, SignaturePolicy(required=True, keys=(path,)))


def test_a_folder_that_cannot_be_written_is_named(folder, keys):
    """Such as one where a folder stands in the signature's place."""
    (folder / "card.sig").mkdir()
    with pytest.raises(ModelError, match=r"card.sig cannot be written: Is a directory; sign as the folder's owner"):
        sign(folder, keys[0])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
def test_the_commands_that_we_tell_make_keys_that_fit(folder, tmp_path):
    """As they stand in the message."""
    with pytest.raises(ConfigError) as told:
        sign(folder, tmp_path / "absent.pem")
    for command in str(told.value).split("`")[1::2]:
        subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    sign(folder, tmp_path / "private.pem")
    read_card(folder, SignaturePolicy(required=True, keys=(tmp_path / "public.pem",)))


def test_who_requires_no_signature_does_not_pay_for_it(folder):
    """The library costs memory, and is not imported."""
    code = "import sys, pathlib; from edged.inference.files.card import read_card; "
    code += f"read_card(pathlib.Path({str(folder)!r})); "
    subprocess.run([sys.executable, "-c", f"{code}assert 'cryptography' not in sys.modules"], check=True)
