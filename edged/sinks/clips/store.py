"""Store: the clips that are kept: written, found by event, read, and given feedback."""

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from edged.errors import EdgedError
from edged.messages.event import Phase
from edged.messages.wire import EventMessage, Message
from edged.runtime.health import Part
from edged.runtime.machine import clock_synchronised, disk_free_bytes
from edged.sinks.clips.clip import JSON, ClipFile, Content, Description, Entry, Events, Feedback, Verdict, in_order
from edged.sinks.clips.config import ClipsConfig, clips_folder
from edged.sinks.clips.folder import Folder, stands_for_event
from edged.sinks.clips.kept import Kept
from edged.sinks.clips.seal import Seal
from edged.sinks.clips.shown import Shown

EVENTS, FEEDBACK = "events.json", "feedback.json"
NO_ROOM = "there is no room for another clip: make some, or see to clips.max_bytes, keep_last and min_free_bytes"


def check(config: ClipsConfig) -> None:
    """Whether clips could be kept so; what is there stays as it is. EdgedError: they cannot, and why."""
    folder = clips_folder(config)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EdgedError(
            f"clips.folder: {folder} cannot be made: {error.strerror}; see to it, or name another"
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EdgedError(f"clips.folder: {folder} may not be written to; see to its owner and mode, or name another")
    Seal(folder, config.key_file).find_key()


class Store:
    """The clips of one box. Thread-safe: commands read while a clip is being written."""

    def __init__(
        self,
        config: ClipsConfig,
        health: Part,
        unix_s: Callable[[], float] = time.time,
        free_bytes: Callable[[Path], int] = disk_free_bytes,
        synchronised: Callable[[], bool | None] = clock_synchronised,
    ) -> None:
        """Call :meth:`open` before anything else. ``synchronised``: False where the clock is known to be wrong."""
        self._config, self._unix_s, self._synchronised = config, unix_s, synchronised
        self._folder = Folder(clips_folder(config))
        self._seal = Seal(self._folder.path, config.key_file)
        self._kept = Kept(config, self._folder, health, free_bytes)
        self._shown = Shown(lambda event: self.read(event, EVENTS))
        self._not_kept: Entry | None = None
        self._lock = threading.RLock()

    def open(self) -> None:
        """See what is there. EdgedError or OSError: it cannot be used, and why."""
        with self._lock:
            self._folder.prepare()
            self._seal.find_key()
            self._kept.load()
        self.sweep()

    def use(self, config: ClipsConfig) -> None:
        """From now on keep so much, for so long; the folder and the key stay."""
        with self._lock:
            self._config = config
            self._kept.use(config)

    def keep(self, source: str, messages: Mapping[Phase, EventMessage], contents: Sequence[Content]) -> None:
        """Write the clip of an event. EdgedError: there is no room for it; OSError: the disk does not let us."""
        clip, files = self._clip(source, messages, contents)
        self._not_kept = entry = clip.entry
        with self._lock:
            if not self._kept.make_room(entry):
                raise EdgedError(NO_ROOM)
        self._folder.write(clip, files)  # no lock: it may take its time
        self._not_kept = None
        with self._lock:
            self._kept.note(entry)
            self._kept.tell()

    def add_end(self, message: EventMessage) -> None:
        """An event is over whose clip was kept before that; one that has gone meanwhile stays so. OSError as above."""
        with self._lock:
            if clip := self.find(message.id):
                told = Events.model_validate_json(self.read(message.id, EVENTS)).messages
                clip = clip.model_copy(update={"confidence": message.confidence})
                self._change(clip, EVENTS, Events(messages=[*told, message]))

    def find(self, event: str) -> Description | None:
        """The clip of an event; None: there is none (any longer), or its description cannot be read."""
        with self._lock:
            return self._folder.description(event) if event in self._kept else None

    def files(self, event: str) -> list[ClipFile]:
        """What there is of an event. EdgedError: nothing."""
        return self._found(event).files

    def read(self, event: str, file: str) -> bytes:
        """One of its files, decrypted. EdgedError: there is none of that name, or it cannot be read."""
        with self._lock:
            clip = self._found(event)
            if file not in (names := [one.name for one in clip.files]):
                raise EdgedError(f"event {event}: has no file {file[:40]!r}; there are: {', '.join(names[:8])}")
            try:
                content = self._folder.read(event, clip.on_disk(file))
            except OSError as error:
                raise EdgedError(f"event {event}: {file} cannot be read: {error.strerror}; see to the disk") from None
        return self._seal.open(content, event, file) if clip.sealed else content

    def add_feedback(self, event: str, verdict: Verdict, label: str | None, at: str) -> None:
        """Keep what a person says of an event, beside its evidence. EdgedError: there is none, or it was not written.

        ``at``: RFC 3339.
        """
        with self._lock:
            clip = self._found(event).model_copy(update={"feedback": True})
            try:
                self._change(clip, FEEDBACK, Feedback(verdict=verdict, label=label, at=at))
            except OSError as error:
                raise EdgedError(f"event {event}: feedback was not kept: {error.strerror}; see to the disk") from None

    def sweep(self) -> None:
        """Delete what is too old, or too much. EdgedError or OSError: the next clip would not be kept either."""
        with self._lock:
            self._kept.delete_older(None if self._synchronised() is False else self._unix_s())
            self._kept.tell()
            if clip := self._not_kept:
                if not self._kept.make_room(clip):
                    raise EdgedError(NO_ROOM)
                self._folder.try_out(clip.disk_bytes)
                self._not_kept = None

    def forget(self, people: Collection[str]) -> int:
        """Delete what is about any of these people, by their ids, whatever else it is kept for; how many clips.

        By one thread at a time. OSError as above.
        """
        if not people:
            return 0
        with self._lock:
            kept = self._kept.events
        gone = self._shown.clips_of(people, kept)  # no lock: it may take its time
        with self._lock:
            for event in gone:
                self._kept.delete_erased(event)
        return len(gone)

    def _clip(
        self, source: str, messages: Mapping[Phase, EventMessage], contents: Sequence[Content]
    ) -> tuple[Description, dict[str, bytes]]:
        """A clip, and what is to be written."""
        events = in_order(messages)
        newest = events.messages[-1]
        told = Content(EVENTS, JSON, None, events.payload())
        clip = Description(
            id=newest.id,
            pipeline=newest.pipeline,
            source=source,
            confidence=newest.confidence,
            started_at=newest.started_at,
            sealed=self._config.encrypt_sound or any(one.media_type != "audio/flac" for one in contents),
            files=[one.file for one in (*contents, told)],
        )
        return clip, dict(self._as_written(clip, one.name, one.content) for one in (*contents, told))

    def _as_written(self, clip: Description, name: str, content: bytes) -> tuple[str, bytes]:
        """A file's name and content on the disk."""
        return clip.on_disk(name), self._seal.close(content, clip.id, name) if clip.sealed else content

    def _change(self, clip: Description, name: str, message: Message) -> None:
        content = message.payload()
        others = [file for file in clip.files if file.name != name]
        file = ClipFile(name=name, media_type=JSON, bytes=len(content))
        clip = clip.model_copy(update={"files": [*others, file]})
        self._folder.change(clip, *self._as_written(clip, name, content))
        self._kept.note(clip.entry)

    def _found(self, event: str) -> Description:
        if clip := self.find(event):
            return clip
        shown = event if stands_for_event(event) else repr(event[:40])
        raise EdgedError(f"event {shown}: no evidence of it is kept: not yet, not any longer, or not of its pipeline")
