"""Where the gallery is, which key opens it, and what is kept for how long."""

import os
from pathlib import Path

from pydantic import Field

from edged.config import SecretFile, Section
from edged.runtime.machine import state_folder


class GalleryConfig(Section):
    """The people whom the box knows, encrypted at rest."""

    path: Path | None = None
    """The folder; null: `faces` in `$STATE_DIRECTORY`, else in /var/lib/edged (root) or ~/.local/share/edged."""
    key_file: SecretFile | None = None
    """File with the key, 32 random bytes as hex or base64, mode 0600; null: `key` in the folder, made at first use."""
    keep_crops: bool = False
    """Keep the aligned picture of each face too, so that a new model can be taught without the people."""
    expire_days: int | None = Field(None, ge=1, le=36500)
    """Erase a person so many days after enrolment, where enrolment named no day; null: keep them."""
    backups: int = Field(5, ge=1, le=100)
    """Backups kept, in the folder itself; a running box makes one within the hour after a change."""

    @property
    def folder(self) -> Path:
        """Where the gallery is."""
        return self.path or state_folder(os.environ, os.getuid()) / "faces"

    @property
    def key_path(self) -> Path:
        """Where its key is."""
        return self.key_file or self.folder / "key"
