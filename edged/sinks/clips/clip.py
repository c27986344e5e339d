"""Clip: the evidence of one event, as it is cut and as it lies in its folder."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from edged.messages.event import Phase
from edged.messages.wire import SCHEMA_VERSION, EventMessage, Message, rfc3339

JSON = "application/json"
SEALED = ".sealed"
"""The ending of an encrypted file's name."""
SEALED_OVERHEAD_BYTES = 28
"""How much longer a file is when it is encrypted."""
BLOCK_BYTES = 4096
"""A file takes whole blocks of the disk."""

Verdict = Literal["correct", "false_alarm"]


class Content(NamedTuple):
    """A file that is to be written."""

    name: str
    media_type: str
    at_s: float | None
    """Unix time of its beginning; None for what is neither sound nor picture."""
    content: bytes

    @property
    def file(self) -> "ClipFile":
        """Its description."""
        at = None if self.at_s is None else rfc3339(self.at_s)
        return ClipFile(name=self.name, media_type=self.media_type, bytes=len(self.content), at=at)


class ClipFile(Message):
    """A file of a clip, as it is read: not encrypted."""

    name: str
    media_type: str
    bytes: int
    at: str | None = None
    """When its sound begins or its picture was taken; null for what is neither."""


class Events(Message):
    """``events.json``: what was decided and why."""

    schema_version: int = SCHEMA_VERSION
    messages: list[EventMessage]
    """The event's start, its newest update and its end, as far as there are any."""


class Feedback(Message):
    """``feedback.json``: what a person says of it; the newest word stands."""

    schema_version: int = SCHEMA_VERSION
    verdict: Verdict
    label: str | None
    """What it really was."""
    at: str


class Description(Message):
    """``clip.json``, never encrypted: nothing about people is in it, and without it the others mean nothing."""

    schema_version: int = SCHEMA_VERSION
    id: str
    """The event's."""
    pipeline: str
    source: str
    confidence: float
    """In [0, 1], by the event's newest message."""
    started_at: str
    sealed: bool
    """The other files are encrypted (AES-256-GCM), each bound to the event and to its name."""
    feedback: bool = False
    """A person has said what it was."""
    files: list[ClipFile]

    @property
    def overhead_bytes(self) -> int:
        """How much longer each file is on the disk."""
        return SEALED_OVERHEAD_BYTES if self.sealed else 0

    def on_disk(self, name: str) -> str:
        """What a file is called there."""
        return name + SEALED if self.sealed else name

    @property
    def entry(self) -> "Entry":
        """What is kept of it in memory."""
        files = sum(blocks(file.bytes + self.overhead_bytes) for file in self.files)
        size = files + blocks(1) + blocks(len(self.payload()))
        return Entry(self.id, self.pipeline, self.confidence, unix_s(self.started_at), self.feedback, size)


class Entry(NamedTuple):
    """What decides for how long a clip is kept."""

    id: str
    pipeline: str
    confidence: float
    started_s: float
    """Unix time."""
    feedback: bool
    disk_bytes: int
    """What it takes on the disk, with its folder and description."""


def blocks(size: int) -> int:
    """A file's bytes, in whole blocks."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def unix_s(text: str) -> float:
    """RFC 3339 -> Unix time."""
    return datetime.fromisoformat(text).timestamp()


def in_order(messages: Mapping[Phase, EventMessage]) -> Events:
    """The event's messages from its start to its end."""
    return Events(messages=[messages[phase] for phase in Phase if phase in messages])
