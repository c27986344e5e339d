"""Folder: the clips on the disk, a folder each. One is there whole or not at all, whenever the power goes."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from edged.runtime.whole_file import settle, sync_folder, write_whole
from edged.sinks.clips.clip import JSON, ClipFile, Description

DESCRIPTION = "clip.json"
LARGEST_DESCRIPTION = 2**21
"""Bytes of a description that are read; one of 9,000 pictures, the most that settings allow, has 1 MB."""
_NAME = re.compile(r"[0-9A-Z]{26}")
_PART = re.compile(r"\.[0-9A-Z]{26}\.part")


class Folder:
    """Writes, reads and deletes clips; each of its methods raises OSError where the disk does not let it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Make the folder where it is not there, and remove what a power cut left half-written or half-deleted."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self.path.iterdir():
            if _PART.fullmatch(path.name):
                shutil.rmtree(path)
            elif _NAME.fullmatch(path.name):
                for part in path.glob("*.part"):
                    part.unlink()

    def descriptions(self) -> Iterator[Description | None]:
        """Of each clip; None for one that cannot be read, which stays as it is."""
        for path in sorted(self.path.iterdir()):
            if _NAME.fullmatch(path.name):
                yield self.description(path.name)

    def description(self, clip: str) -> Description | None:
        """Of a clip; None where it cannot be read."""
        try:
            with (self.path / clip / DESCRIPTION).open("rb") as file:
                found = Description.model_validate_json(file.read(LARGEST_DESCRIPTION))
            files = [self._as_it_is(found, file) for file in found.files]
        except (OSError, ValidationError):
            return None
        return found.model_copy(update={"files": files}) if found.id == clip else None

    def write(self, clip: Description, files: Mapping[str, bytes]) -> None:
        """Write a clip that is not there yet; ``files``: what is to stand on the disk, by name."""
        part = self._part(clip.id)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        try:
            for name, content in {DESCRIPTION: clip.payload(), **files}.items():
                _write(part / name, content)
            sync_folder(part)
            settle(part, self.path / clip.id)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise

    def change(self, clip: Description, name: str, content: bytes) -> None:
        """Put another file into a clip's folder, then its description: each is the old or the new, and whole."""
        write_whole(self.path / clip.id / name, content)
        write_whole(self.path / clip.id / DESCRIPTION, clip.payload())

    def read(self, clip: str, name: str) -> bytes:
        """A file as it stands on the disk."""
        return (self.path / clip / name).read_bytes()

    def try_out(self, size: int) -> None:
        """See whether so many bytes can be written; they are gone afterwards."""
        probe = self.path / ".probe"
        probe.unlink(missing_ok=True)
        try:
            _write(probe, bytes(size))
        finally:
            probe.unlink(missing_ok=True)

    def delete(self, clip: str) -> None:
        """Gone, whatever happens from now on."""
        part = self._part(clip)
        try:
            settle(self.path / clip, part)
        except FileNotFoundError:
            return
        shutil.rmtree(part)

    def _as_it_is(self, clip: Description, file: ClipFile) -> ClipFile:
        """What is changed later may be newer than the description: the power went in between."""
        if file.media_type != JSON:
            return file
        size = (self.path / clip.id / clip.on_disk(file.name)).stat().st_size
        return file.model_copy(update={"bytes": size - clip.overhead_bytes})

    def _part(self, clip: str) -> Path:
        return self.path / f".{clip}.part"


def stands_for_event(event: str) -> bool:
    """Whether it may be the name of a clip's folder: a ULID's 26 capitals and digits, and no path."""
    return _NAME.fullmatch(event) is not None


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
