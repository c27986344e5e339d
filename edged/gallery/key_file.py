"""The file that holds the gallery's key: 32 random bytes as hex or base64, for its owner's eyes alone."""

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from edged.errors import GalleryError, GalleryKeyError
from edged.gallery.files import explain
from edged.gallery.vault import KEY_BYTES
from edged.runtime.whole_file import write_whole

_HOW = "`(umask 077; openssl rand -hex 32 > FILE)` makes one"
LONGEST = 1000
"""Bytes of a key file that are read: it has 65."""


def read_key(path: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """The key, 32 bytes; GalleryError names the file and the remedy."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            text = file.read(LONGEST).strip()
    except OSError as error:
        raise GalleryKeyError(f"key {path}: cannot be read: {error.strerror}; put it back, or {_HOW}") from None
    if mode & (0o007 if _is_credential(path, environment) else 0o077):
        raise GalleryKeyError(f"key {path}: others may read it (mode {mode:04o}); chmod 600 {path}")
    for decode in (binascii.unhexlify, lambda line: base64.b64decode(line, validate=True)):
        try:
            key = decode(text)
        except ValueError:
            continue
        if len(key) == KEY_BYTES:
            return key
    raise GalleryKeyError(f"key {path}: is not 32 bytes as hex or base64; put the right file back, or {_HOW}")


def make_key(path: Path) -> bytes:
    """Write a new random key, mode 0600, which must not be there yet; returns it once it is on the disk."""
    if path.exists():
        raise GalleryError(f"key {path}: is there already; name another file")
    key = secrets.token_bytes(KEY_BYTES)
    with explain(path):
        write_whole(path, key.hex().encode() + b"\n")
    return key


def _is_credential(path: Path, environment: Mapping[str, str]) -> bool:
    """Whether systemd put it there: it lets the service's user in by an ACL, whose mask shows as the group's bits."""
    folder = environment.get("CREDENTIALS_DIRECTORY", "")
    return bool(folder) and path.is_relative_to(folder)
