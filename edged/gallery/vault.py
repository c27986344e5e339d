"""Vault: seals values with AES-256-GCM, each bound to its place, so that none can be read, changed or moved.

A sealed value is a random nonce of 96 bits, the ciphertext and its tag of 128 bits (NIST SP 800-38D). What stands in
clear beside it, and where it stands, is authenticated with it as associated data.
"""

import hmac
import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from edged.errors import GalleryError

KEY_BYTES = 32
NONCE_BYTES = 12
OVERHEAD_BYTES = NONCE_BYTES + 16
"""How much longer a sealed value is."""
SHORTEST_PASSPHRASE = 8

Bound = str | int | float | bool | None


class TamperedError(GalleryError):
    """A sealed value is not what was sealed with this key, or not in its place."""


class Vault:
    """Seals and opens with one key of 32 bytes. Thread-safe."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(hmac.digest(key, b"edged gallery: values", "sha256"))
        self._names = hmac.digest(key, b"edged gallery: names", "sha256")

    def seal(self, value: bytes, *bound: Bound) -> bytes:
        """The value, unreadable; ``bound``: its place and what stands in clear beside it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, _associated(bound))

    def open(self, sealed: bytes, *bound: Bound) -> bytes:
        """What was sealed with the same ``bound``; TamperedError names them where it was not."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _associated(bound))
        except (InvalidTag, ValueError, TypeError):
            raise TamperedError(
                f"{' '.join(map(str, bound[:3]))}: was changed behind edged's back, or sealed with another key; "
                "`edged people verify` lists what is damaged, the last backup is used at the next start"
            ) from None

    def fingerprint(self, text: str) -> bytes:
        """The same 32 bytes for the same text and key, of no use without the key: finds a name without telling it."""
        return hmac.digest(self._names, text.encode(), "sha256")


def passphrase_vault(passphrase: str, salt: bytes) -> Vault:
    """The vault of a passphrase: scrypt, N = 2^15, r = 8, p = 3 (32 MB; OWASP's advice). GalleryError: too short."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise GalleryError(f"passphrase: has {len(passphrase)} characters, must have at least {SHORTEST_PASSPHRASE}")
    return Vault(Scrypt(salt=salt, length=KEY_BYTES, n=2**15, r=8, p=3).derive(passphrase.encode()))


def _associated(bound: tuple[Bound, ...]) -> bytes:
    return json.dumps(bound).encode()
