"""People and what is known of them: the types that go in and out of the gallery, and what it takes to be one."""

import math
import unicodedata
from dataclasses import dataclass
from datetime import date

import numpy as np

from edged.errors import GalleryError
from edged.messages.vision import Embedding

LONGEST_NAME = 80
LONGEST_TEXT = 2000
"""Characters of notes, or of a sample's origin."""
LARGEST_CROP = 256 * 1024
"""Bytes."""
MOST_SAMPLES = 100
"""Of one person."""
RESERVED = {"unknown", "spoof"}
"""What events say of faces that are nobody's."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was enrolled."""

    id: str
    """ULID."""
    name: str
    notes: str
    consent: date | None
    """When they agreed."""
    expires: date | None
    """The day on which they are erased."""
    created_at: float
    """Unix time."""
    samples: int = 0
    models: tuple[str, ...] = ()
    """Names of the models that made their embeddings."""
    changed_at: float = 0.0
    """Unix time: of two versions of a person the later one counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A face of a person, as a model sees it."""

    embedding: Embedding
    model: str
    sha256: str
    """Of the model: embeddings of different models never meet."""
    quality: float
    """In [0, 1]."""
    at_s: float
    """Unix time."""
    origin: str
    """What it was made from: a file, a camera."""
    crop: bytes | None = None
    """The aligned picture as PNG; stored only where the config allows it."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to whom, when. Whoever was erased is here by id alone."""

    at_s: float
    """Unix time."""
    by: str
    action: str
    """``enrol``, ``add``, ``rename``, ``merge``, ``erase``, ``expire``, ``export``, ``import``, ``rekey``, …"""
    subject: str
    """A person's id, or empty."""
    detail: str


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What is gone, and where else to look."""

    person_id: str
    samples: int
    backups_rewritten: tuple[str, ...]
    """Backups that held the person and do so no longer."""
    files_removed: tuple[str, ...]
    """Backups, and damaged databases set aside, that could not be rewritten and are gone as a whole."""
    exports: tuple[str, ...]
    """Archives written since the person was enrolled: they may hold them and are out of the box's reach."""
    log_cut: bool
    """False: another process was reading; sealed remains are in the log of writes until the next erasure or start."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of each person of an archive."""

    added: int
    replaced: int
    """The archive's version was the later one."""
    unchanged: int
    refused: tuple[str, ...]
    """One line each."""


def checked_name(name: str) -> str:
    """The name as it is kept: stripped, composed (NFC). GalleryError says what is wrong with it and what to do."""
    kept = unicodedata.normalize("NFC", name.strip())
    hidden = next((letter for letter in kept if not letter.isprintable()), None)
    if hidden is not None:
        raise GalleryError(f"name {kept!r}: holds U+{ord(hidden):04X}, which cannot be seen; leave it out")
    if not 1 <= len(kept) <= LONGEST_NAME:
        raise GalleryError(f"name {kept[:LONGEST_NAME]!r}: has {len(kept)} characters, must have 1 to {LONGEST_NAME}")
    if folded(kept) in RESERVED:
        raise GalleryError(f"name {kept!r}: is what events say of faces that are nobody's; choose another")
    return kept


def folded(name: str) -> str:
    """What two names have in common that are the same name: neither case nor composition count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def checked_notes(notes: str) -> str:
    """The notes; GalleryError where they are too long."""
    if len(notes) > LONGEST_TEXT:
        raise GalleryError(f"notes: have {len(notes)} characters, must have at most {LONGEST_TEXT}")
    return notes


def check_sample(sample: Sample) -> None:
    """ValueError unless the sample is what :class:`Sample` says: whoever made it has a bug, or means harm."""
    vector = sample.embedding
    if vector.ndim != 1 or vector.dtype != np.float32 or not 1 <= vector.size <= 4096:
        raise ValueError(f"embedding: {vector.dtype} {vector.shape}, must be float32 (d,)")
    with np.errstate(all="ignore"):  # what is not a number is refused below
        length = float(np.linalg.norm(vector.astype(np.float64)))
    if not abs(length - 1) <= 1e-3:
        raise ValueError(f"embedding: of length {length:g}, must be 1")
    if len(sample.sha256) != 64 or not set(sample.sha256) <= set("0123456789abcdef"):
        raise ValueError(f"sha256: {sample.sha256[:80]!r}, must be 64 hexadecimal digits")
    if not (0 <= sample.quality <= 1 and math.isfinite(sample.at_s)):
        raise ValueError(f"quality {sample.quality} or at_s {sample.at_s}: must be in [0, 1] and finite")
    if max(len(sample.model), len(sample.origin)) > LONGEST_TEXT or len(sample.crop or b"") > LARGEST_CROP:
        raise ValueError(f"sample of {sample.model[:80]!r}: model, origin or crop is too long")
