"""Signature: who vouches for a model. One ed25519 signature of its card covers the sums of all its files.

``card.sig`` holds one line: ``ed25519``, the signer's public key, and the signature over the bytes of ``card.yaml``,
both in base64. The key tells a stranger's signature from one that no longer fits; trust comes from the configuration
alone. ``cryptography`` is imported when there is something to check: most boxes require no signatures.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edged.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAME = "card.sig"
LONGEST = 1000
"""Bytes of a signature file that are read: it has 141."""
_HOW = (
    "`openssl genpkey -algorithm ed25519 -out private.pem` makes a private key, "
    "`openssl pkey -in private.pem -pubout -out public.pem` its public one"
)


@dataclass(frozen=True, slots=True)
class SignaturePolicy:
    """Whose models are used."""

    required: bool = False
    """Refuse a model that none of ``keys`` has signed as it is."""
    keys: tuple[Path, ...] = ()
    """Public keys, PEM."""

    def check(self, folder: Path, card: bytes) -> None:
        """ModelError unless the model in ``folder``, whose card reads ``card``, may be used."""
        if self.required:
            signer = check_signature(folder, card)
            trusted = {_read_public(path): path for path in self.keys}
            if signer not in trusted:
                raise ModelError(
                    f"model {folder.name}: is signed by the key {fingerprint(signer)}, which models.trusted_keys does "
                    f"not name (it has {', '.join(map(fingerprint, trusted)) or 'none'}); add it if you trust its owner"
                )


ANY = SignaturePolicy()
"""Any model, signed or not."""


def check_signature(folder: Path, card: bytes) -> bytes:
    """The public key, 32 bytes, of whoever signed the card as it is; ModelError where nobody did."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signer, signature = _read_signature(folder)
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(signature, card)
    except InvalidSignature:
        raise ModelError(
            f"model {folder.name}: {folder / 'card.yaml'} was changed after the key {fingerprint(signer)} signed it; "
            f"install the model again, or sign it anew: `edged models sign {folder.name} --key PRIVATE.pem`"
        ) from None
    return signer


def is_signed(folder: Path) -> bool:
    """Whether somebody has signed the model in ``folder``, rightly or not."""
    return (folder / NAME).exists()


def fingerprint(public: bytes) -> str:
    """A public key in 16 letters, to compare by eye: the beginning of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def sign(folder: Path, private: Path) -> bytes:
    """Write the signature of the card as it is now; returns the signer's public key. ModelError with the remedy."""
    key = _read_private(private)
    public = key.public_key().public_bytes_raw()
    signature = key.sign((folder / "card.yaml").read_bytes())
    line = f"ed25519 {base64.b64encode(public).decode()} {base64.b64encode(signature).decode()}\n"
    try:
        (folder / NAME).write_text(line, encoding="ascii")
    except OSError as error:
        raise ModelError(
            f"model {folder.name}: {folder / NAME} cannot be written: {error.strerror}; sign as the folder's owner"
        ) from None
    return public


def _read_signature(folder: Path) -> tuple[bytes, bytes]:
    """Public key and signature."""
    path = folder / NAME
    try:
        with path.open("rb") as file:
            kind, public, signature = file.read(LONGEST).split()
        parts = base64.b64decode(public, validate=True), base64.b64decode(signature, validate=True)
    except FileNotFoundError:
        raise ModelError(
            f"model {folder.name}: is not signed, and models.require_signature is true; if you trust it, sign it: "
            f"`edged models sign {folder.name} --key PRIVATE.pem`"
        ) from None
    except OSError as error:
        raise ModelError(f"model {folder.name}: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        kind, parts = b"", (b"", b"")
    if kind != b"ed25519" or [len(part) for part in parts] != [32, 64]:
        raise ModelError(f"model {folder.name}: {path} is no signature; install the model again, or sign it anew")
    return parts


def _read_public(path: Path) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = _read_key(path, "models.trusted_keys: ", load_pem_public_key)
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"models.trusted_keys: {path}: is no ed25519 key; {_HOW}")
    return key.public_bytes_raw()


def _read_private(path: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = _read_key(path, "", lambda content: load_pem_private_key(content, None))
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path}: is no ed25519 key; {_HOW}")
    return key


def _read_key(path: Path, setting: str, load: Callable[[bytes], object]) -> object:
    """What ``load`` makes of the file; ConfigError that names file, ``setting`` and remedy where it makes nothing."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return load(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"{setting}{path}: no such file; {_HOW}") from None
    except OSError as error:
        raise ConfigError(f"{setting}{path}: cannot be read: {error.strerror}") from None
    except TypeError:  # cryptography's way to say that a password is missing
        raise ConfigError(f"{setting}{path}: has a password; `openssl pkey -in {path}` writes it without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{setting}{path}: is no such key in PEM; {_HOW}") from None
