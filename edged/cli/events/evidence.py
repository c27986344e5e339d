"""Evidence: the clip of an event, read from the disk as it lies there, decrypted; nothing is changed or made."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

from edged.errors import EdgedError, first_line
from edged.runtime.whole_file import write_whole
from edged.sinks.clips.clip import Description, Feedback
from edged.sinks.clips.config import ClipsConfig, clips_folder
from edged.sinks.clips.folder import Folder, stands_for_event
from edged.sinks.clips.seal import Seal
from edged.sinks.clips.store import FEEDBACK


class Evidence:
    """The clips of a box, also of one that keeps none any longer."""

    def __init__(self, config: ClipsConfig, environment: Mapping[str, str]) -> None:
        self._folder = Folder(clips_folder(config, environment))
        self._seal = Seal(self._folder.path, config.key_file or self._folder.path / "key")  # named: none is made

    def of(self, event: str) -> Description | None:
        """What there is of an event; None: nothing (any longer), or it cannot be read."""
        return self._folder.description(event) if stands_for_event(event) else None

    def has_folder(self, event: str) -> bool:
        """Whether there is something of an event, readable or not."""
        return stands_for_event(event) and os.path.lexists(self._folder.path / event)

    def read(self, clip: Description, name: str) -> bytes:
        """One of its files. EdgedError where it cannot be read or opened."""
        try:
            content = self._folder.read(clip.id, clip.on_disk(name))
        except OSError as error:
            raise EdgedError(f"event {clip.id}: {name} cannot be read: {error.strerror}; run it with sudo") from None
        return self._seal.open(content, clip.id, name) if clip.sealed else content

    def feedback(self, clip: Description) -> Feedback | None:
        """What a person has said of it."""
        if not clip.feedback:
            return None
        try:
            return Feedback.model_validate_json(self.read(clip, FEEDBACK))
        except ValueError:
            raise EdgedError(f"event {clip.id}: {FEEDBACK} is damaged; see to the disk") from None

    def path(self, clip: Description) -> Path:
        """Where it lies."""
        return self._folder.path / clip.id


class Copied(NamedTuple):
    """What became of clips."""

    number: int
    """So many lie where they were wanted."""
    faults: list[str]
    """Why others could not be opened, one a clip."""


def copy_clips(evidence: Evidence, events: Iterable[str], target: Path) -> Copied:
    """Copy the clips of events into folders of their names, decrypted; those that cannot be opened are left out.

    EdgedError where a copy cannot be written: so it would be with the others.
    """
    copied, faults = 0, list[str]()
    for event in events:
        try:
            copied += _copy(evidence, event, target / event)
        except EdgedError as error:
            faults.append(first_line(error))
        except OSError as error:
            told = f"cannot be written: {error.strerror}; make room, or name another folder"
            raise EdgedError(f"{target / event}: {told}") from None
    return Copied(copied, faults)


def _copy(evidence: Evidence, event: str, target: Path) -> bool:
    """Whether there was a clip. What was copied before stays as it was until all of the clip could be opened."""
    clip = evidence.of(event)
    if clip is None:
        if evidence.has_folder(event):
            raise EdgedError(f"clip {event}: its description cannot be read; run it with sudo, or see to the disk")
        return False
    part = target.with_name(f".{target.name}.part")
    rmtree(part, ignore_errors=True)  # of a copy that was killed
    try:
        part.mkdir(mode=0o700, parents=True)
        for file in clip.files:
            write_whole(part / Path(file.name).name, evidence.read(clip, file.name))
        target.mkdir(mode=0o700, exist_ok=True)
        for path in part.iterdir():
            path.replace(target / path.name)
    finally:
        rmtree(part, ignore_errors=True)
    return True
