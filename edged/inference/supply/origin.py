"""Origin: where the files of a model come from: upstream, or a mirror that is a folder or a web server."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edged.errors import ModelError
from edged.inference.files.card import ModelFile
from edged.inference.supply.download import PATIENT, Download, Limits, Progress, is_safe

MAX_FILES = 100_000
"""Files looked at in a mirror's folder: more is somebody's whole disk."""


class Origin(Protocol):
    """Where files come from."""

    def __call__(self, file: ModelFile, part: Path, progress: Progress) -> bool:
        """Write ``file`` to ``part``; True where what was there before was gone on with.

        ModelError with where it was looked for and what to do. The hash of what came is the caller's to check.
        """
        ...


@dataclass(frozen=True, slots=True)
class Upstream:
    """The URLs on the card."""

    limits: Limits = PATIENT

    def __call__(self, file: ModelFile, part: Path, progress: Progress) -> bool:
        if not file.url:
            raise ModelError(f"{file.path}: its card names no url; `--mirror DIR` takes it from a folder")
        if not is_safe(file.url):
            raise ModelError(f"{file.url}: must begin with https://")
        return Download(file.url, part, _size(file), progress, self.limits)()


@dataclass(frozen=True, slots=True)
class WebMirror:
    """A web server that has all files in one folder; http will do, since the hash is checked."""

    base: str
    limits: Limits = PATIENT

    def __call__(self, file: ModelFile, part: Path, progress: Progress) -> bool:
        return Download(f"{self.base.rstrip('/')}/{file.path}", part, _size(file), progress, self.limits)()


@dataclass(frozen=True, slots=True)
class FolderMirror:
    """A folder, such as a USB stick's, that has the files under their names anywhere below it."""

    folder: Path

    def __call__(self, file: ModelFile, part: Path, progress: Progress) -> bool:
        size = _size(file)
        named = [path for path in self._walk() if path.name == file.path and path.is_file()]
        right = next((path for path in named if path.stat().st_size == size and sha256(path) == file.sha256), None)
        if right is None:
            known = f"; {named[0]} has another content" if named else ""
            raise ModelError(
                f"{file.path}: not below {self.folder}{known}; put the file with sha256 {file.sha256[:12]}… there"
            )
        shutil.copyfile(right, part)
        progress(size)
        return False

    def _walk(self) -> Iterator[Path]:
        seen = 0
        for parent, folders, files in os.walk(self.folder):
            folders.sort()
            seen += len(files)
            if seen > MAX_FILES:
                raise ModelError(f"{self.folder}: holds more than {MAX_FILES} files; name the folder with the models")
            yield from (Path(parent, name) for name in sorted(files))


def mirror(named: str | None) -> Origin:
    """The origin that ``--mirror`` names; None: upstream. ModelError where it is neither a URL nor a folder."""
    if named is None:
        return Upstream()
    if named.startswith(("https://", "http://")):
        return WebMirror(named)
    if not Path(named).is_dir():
        raise ModelError(f"--mirror {named}: is no folder, and no URL that begins with https:// or http://")
    return FolderMirror(Path(named))


def sha256(path: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(file: ModelFile) -> int:
    if file.size is None:
        raise ModelError(f"{file.path}: its card names no size, so there is no limit to what may come")
    return file.size
