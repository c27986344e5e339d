"""Evidence: the clip of an event, read from the disk as it lies there, decrypted; nothing is changed or made."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from edged.errors import EdgedError
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


def copy_clips(evidence: Evidence, events: Iterator[str], target: Path) -> int:
    """Copy the clips of events into folders of their names, decrypted; how many. EdgedError where it cannot be."""
    copied = 0
    for event in events:
        if clip := evidence.of(event):
            _copy(evidence, clip, target / event)
            copied += 1
    return copied


def _copy(evidence: Evidence, clip: Description, target: Path) -> None:
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in clip.files:
            write_whole(target / Path(file.name).name, evidence.read(clip, file.name))
    except OSError as error:
        raise EdgedError(f"{target}: cannot be written: {error.strerror}; make room, or name another folder") from None
