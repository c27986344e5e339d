"""Archives: people in one encrypted file, to be carried to another box. Read whole or not at all.

A mark, what the key is (``p``: of a passphrase, ``k``: the gallery's own), 16 random bytes, then records: the length as
4 bytes, big-endian, and as many bytes, sealed, bound to the archive, their number and whether they are the last. A
record is one person as JSON; the last is empty. Nothing is compressed, so nothing swells.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, BinaryIO

import numpy as np
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from edged.errors import GalleryError
from edged.gallery.files import explain
from edged.gallery.people import (
    LARGEST_CROP,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_SAMPLES,
    Person,
    Sample,
    check_sample,
    checked_name,
)
from edged.gallery.vault import Vault, passphrase_vault
from edged.runtime.whole_file import written

MARK = b"edged people 1\n"
SALT_BYTES = 16
LARGEST_RECORD = 64 * 1024 * 1024
_Time = Annotated[float, Field(ge=0, le=1e11)]
_Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _Sample(_Strict):
    embedding: Annotated[Base64Bytes, Field(max_length=16384)]
    model: _Text
    sha256: _Text
    quality: float
    at_s: _Time
    origin: _Text
    crop: Annotated[Base64Bytes, Field(max_length=LARGEST_CROP)] | None


class _Person(_Strict):
    id: Annotated[str, StringConstraints(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    name: Annotated[str, StringConstraints(max_length=LONGEST_NAME)]
    notes: _Text
    consent: date | None
    expires: date | None
    created_at: _Time
    changed_at: _Time
    samples: Annotated[list[_Sample], Field(max_length=MOST_SAMPLES)]


def write_archive(
    path: Path, vault: Vault, passphrase: str | None, people: Iterable[tuple[Person, list[Sample]]]
) -> None:
    """Write an archive, mode 0600, which must not be there yet; ``vault``: the gallery's, used without passphrase."""
    if path.exists():
        raise GalleryError(f"{path}: is there already; name another file")
    salt = os.urandom(SALT_BYTES)
    sealer = vault if passphrase is None else passphrase_vault(passphrase, salt)
    with explain(path), written(path) as file:
        file.write(MARK + (b"k" if passphrase is None else b"p") + salt)
        number = 0
        for number, (person, samples) in enumerate(people, start=1):
            _write(file, sealer.seal(_pack(person, samples), "archive", salt.hex(), number, False))
        _write(file, sealer.seal(b"", "archive", salt.hex(), number + 1, True))


def read_archive(path: Path, vault: Vault, passphrase: str | None) -> Iterator[tuple[Person, list[Sample]]]:
    """Each person with their samples. GalleryError at the first thing that is wrong, also after some have come."""
    with explain(path), path.open("rb") as file:
        head = file.read(len(MARK) + 1 + SALT_BYTES)
        kind, salt = head[len(MARK) : len(MARK) + 1], head[len(MARK) + 1 :]
        if not head.startswith(MARK) or kind not in (b"k", b"p") or len(salt) != SALT_BYTES:
            raise GalleryError(f"{path}: is no archive of people; name a file that `edged people export` wrote")
        if (kind == b"p") != (passphrase is not None):
            raise GalleryError(f"{path}: {'needs its passphrase' if kind == b'p' else 'has no passphrase'}; try again")
        opener = vault if passphrase is None else passphrase_vault(passphrase, salt)
        for number, (sealed, last) in enumerate(_records(file, path), start=1):
            try:
                content = opener.open(sealed, "archive", salt.hex(), number, last)
            except GalleryError:
                raise GalleryError(
                    f"{path}: record {number} does not open: the passphrase or key is another, or the file is cut "
                    "short or changed; copy it again; nothing was imported"
                ) from None
            if not last:
                yield _unpack(content, f"{path}: record {number}")


def _write(file: BinaryIO, sealed: bytes) -> None:
    if len(sealed) > LARGEST_RECORD:
        raise GalleryError(f"a person of {len(sealed)} bytes is too large for an archive; erase some of their samples")
    file.write(struct.pack(">I", len(sealed)) + sealed)


def _records(file: BinaryIO, path: Path) -> Iterator[tuple[bytes, bool]]:
    """Sealed bytes and whether they are the file's last."""
    length = file.read(4)
    while True:
        size = struct.unpack(">I", length)[0] if len(length) == 4 else LARGEST_RECORD + 1
        sealed = file.read(size) if size <= LARGEST_RECORD else b""
        if len(sealed) != size:
            raise GalleryError(f"{path}: is cut short or changed; copy it again; nothing was imported")
        length = file.read(4)
        yield sealed, not length
        if not length:
            return


def _pack(person: Person, samples: list[Sample]) -> bytes:
    fields = {name: getattr(person, name) for name in _Person.model_fields if name != "samples"}
    rows = [{name: getattr(sample, name) for name in _Sample.model_fields} for sample in samples]
    packed = [
        _Sample.model_construct(**{**row, "embedding": sample.embedding.astype("<f4").tobytes()})
        for row, sample in zip(rows, samples, strict=True)
    ]
    return _Person.model_construct(**fields, samples=packed).model_dump_json().encode()


def _unpack(content: bytes, where: str) -> tuple[Person, list[Sample]]:
    try:
        read = _Person.model_validate_json(content)
        samples = [
            Sample(np.frombuffer(one.embedding, "<f4").astype(np.float32), **one.model_dump(exclude={"embedding"}))
            for one in read.samples
        ]
        for sample in samples:
            check_sample(sample)
        checked_name(read.name)
    except (ValidationError, ValueError, GalleryError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise GalleryError(f"{where}: {said}; the archive is not what edged writes; nothing was imported") from None
    fields = read.model_dump(exclude={"samples"})
    return Person(**fields, samples=len(samples), models=tuple(sorted({one.model for one in samples}))), samples
