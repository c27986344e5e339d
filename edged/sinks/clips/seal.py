"""Seal: what is in a clip's files, encrypted with a key of the clips' own, so that the gallery's may change."""

from pathlib import Path

from edged.errors import EdgedError
from edged.gallery.key_file import make_key, read_key
from edged.gallery.vault import TamperedError, Vault


class Seal:
    """Encrypts files and opens them, each bound to its event and name. Reads the key when it is first needed."""

    def __init__(self, folder: Path, key_file: Path | None) -> None:
        """The key is made where ``key_file`` is None and there is none in ``folder``, which must be there by then."""
        self._path, self._make = key_file or folder / "key", key_file is None
        self._vault: Vault | None = None

    def find_key(self) -> None:
        """Read the key, or make it. GalleryError where it cannot be."""
        self._key()

    def close(self, content: bytes, event: str, name: str) -> bytes:
        """The content, unreadable."""
        return self._key().seal(content, "clip", event, name)

    def open(self, sealed: bytes, event: str, name: str) -> bytes:
        """What was sealed. EdgedError where it was changed, or with another key."""
        try:
            return self._key().open(sealed, "clip", event, name)
        except TamperedError:
            raise EdgedError(
                f"clip {event}: {name} was changed, or encrypted with another key than {self._path}"
            ) from None

    def _key(self) -> Vault:
        if self._vault is None:
            make = self._make and not self._path.exists()
            self._vault = Vault(make_key(self._path) if make else read_key(self._path))
        return self._vault
