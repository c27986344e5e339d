"""Reads a folder of pictures of people: ``gallery/<person>/*``, ``probes/<person>/*``, ``strangers/*``.

A folder's name is who is on its pictures. Strangers are in no gallery; they may lie in folders of their own.
"""

from dataclasses import dataclass
from pathlib import Path

from edged.errors import EdgedError

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""Of pictures; whatever else lies there is no picture."""
LAYOUT = "a folder to evaluate has gallery/<person>/*, probes/<person>/* and strangers/*"


class FacesFolderError(EdgedError):
    """A folder of pictures cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture, and who is on it."""

    path: Path
    person: str


@dataclass(frozen=True, slots=True)
class FacesFolder:
    """The pictures of a folder, by what they are for; each in the order of their paths."""

    gallery: tuple[Labelled, ...]
    probes: tuple[Labelled, ...]
    """Of people who are in the gallery."""
    strangers: tuple[Labelled, ...]
    """Of people who are not; each is called after their folder, or their file."""


def read_folder(directory: Path) -> FacesFolder:
    """What there is to evaluate. Raises :class:`FacesFolderError` naming what is missing or does not fit."""
    gallery, probes = by_person(directory / "gallery"), by_person(directory / "probes")
    known = {picture.person for picture in gallery}
    for picture in probes:
        if picture.person not in known:
            raise FacesFolderError(f"{picture.path}: {picture.person!r} is not in gallery/; probes are of the known")
    top = directory / "strangers"
    alone = tuple(Labelled(path, path.name) for path in _pictures(top))
    strangers = (*alone, *(Labelled(path, folder.name) for folder in _folders(top) for path in _pictures(folder)))
    for picture in strangers:
        if picture.person in known:
            raise FacesFolderError(f"{picture.path}: {picture.person!r} is in gallery/ too; strangers are not")
    return FacesFolder(gallery, probes, strangers)


def by_person(directory: Path) -> tuple[Labelled, ...]:
    """The pictures of ``<directory>/<person>/*``. Raises :class:`FacesFolderError` where there are none."""
    found = tuple(Labelled(path, folder.name) for folder in _folders(directory) for path in _pictures(folder))
    if not found:
        raise FacesFolderError(f"{directory}: no picture of anybody; {LAYOUT}")
    return found


def _pictures(directory: Path) -> list[Path]:
    return [path for path in _entries(directory) if path.suffix.lower() in SUFFIXES and path.is_file()]


def _folders(directory: Path) -> list[Path]:
    return [path for path in _entries(directory) if path.is_dir()]


def _entries(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError as error:
        raise FacesFolderError(f"{directory}: cannot be read ({error.strerror}); {LAYOUT}") from None
