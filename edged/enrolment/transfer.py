"""Transfer: archives of the gallery go out and come in piece by piece, since they are larger than any line.

The daemon cannot write where its askers can, nor read there. What has come in stays until it is whole, so that an
import that was broken off goes on where it was; it is encrypted, as the archive was.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from edged.config import Section
from edged.control.protocol import Answer, Arguments, Asker, ControlError, Handlers, Progress, Result
from edged.enrolment.wire import Base64, as_bytes, understand
from edged.errors import GalleryError
from edged.gallery.gallery import Gallery

PIECE_BYTES = 2**20
LARGEST_BYTES = 2 * 2**30
_SHA256 = r"^[0-9a-f]{64}$"


class Export(Section):
    """``people.export``."""

    passphrase: SecretStr = Field(min_length=1, max_length=1000)
    name: str = Field("people.edged", pattern=r"^[^/\x00-\x1f\x7f]{1,100}$")
    """What the asker calls the file: the audit log has it."""

    @field_validator("name")
    @classmethod
    def _is_a_file(cls, name: str) -> str:
        if name in {".", ".."}:
            raise ValueError("must be the name of a file")
        return name


class Piece(Section):
    """``people.upload``: a piece of the archive with that sum; none asks how much of it is here."""

    sha256: str = Field(pattern=_SHA256)
    offset: int = Field(0, ge=0, le=LARGEST_BYTES)
    piece: Base64 = Field(b"", validate_default=False, max_length=PIECE_BYTES)


class Import(Section):
    """``people.import``: the archive that was uploaded."""

    sha256: str = Field(pattern=_SHA256)
    passphrase: SecretStr = Field(min_length=1, max_length=1000)


class Transfer:
    """Keeps what comes in and goes out in a folder that nobody else may look into."""

    def __init__(self, gallery: Gallery, folder: Path) -> None:
        """``folder``: of ours, such as ``transfer`` in the gallery's folder; made with mode 0700 when needed."""
        self._gallery, self._folder = gallery, folder

    @property
    def handlers(self) -> Handlers:
        """By the requests' names."""
        return {"people.export": self.export, "people.upload": self.upload, "people.import": self.import_}

    def export(self, arguments: Arguments, asker: Asker) -> Iterator[Answer]:
        """Pieces of an archive, ``{"piece": base64, "of": bytes}`` each, and then ``{"bytes": n}``."""
        request = understand(Export, arguments)
        self._make_folder()
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="export-") as folder:
            path = Path(folder) / request.name
            self._gallery.export(path, request.passphrase.get_secret_value(), by=asker.by)
            size = path.stat().st_size
            with path.open("rb") as archive:
                while piece := archive.read(PIECE_BYTES):
                    yield Progress({"piece": as_bytes(piece), "of": size})
        yield Result({"bytes": size})

    def upload(self, arguments: Arguments, _asker: Asker) -> Iterator[Answer]:
        """Take a piece; ``{"have": bytes}``: where to go on."""
        request = understand(Piece, arguments)
        path = self._part(request.sha256)
        have = path.stat().st_size if path.exists() else 0
        content = request.piece
        if content and request.offset == have:
            if have + len(content) > LARGEST_BYTES:
                raise ControlError(f"archive: more than {LARGEST_BYTES:,} bytes: is no archive of this box")
            self._make_folder()
            self._drop_others(path)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab") as part:
                part.write(content)
            have += len(content)
        yield Result({"have": have})

    def import_(self, arguments: Arguments, asker: Asker) -> Iterator[Answer]:
        """Take in the archive that was uploaded. Where it is refused it stays, for another try."""
        request = understand(Import, arguments)
        path = self._part(request.sha256)
        if not path.exists():
            raise ControlError(f"archive {request.sha256[:12]}…: has not come; send it again")
        try:
            report = self._gallery.import_(path, request.passphrase.get_secret_value(), by=asker.by)
        except GalleryError as error:  # the asker knows it by another name than our own copy's
            raise ControlError(str(error).replace(str(path), "archive")) from None
        path.unlink(missing_ok=True)
        yield Result(asdict(report))

    def _part(self, sha256: str) -> Path:
        return self._folder / f"import-{sha256}.part"

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _drop_others(self, kept: Path) -> None:
        """One upload at a time is enough, and fills no disk."""
        for path in self._folder.iterdir():
            if path != kept and re.fullmatch(r"import-[0-9a-f]{64}\.part", path.name):
                path.unlink(missing_ok=True)
