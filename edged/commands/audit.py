"""Audit: what was asked over MQTT and what became of it, as JSON lines in the box's own folder.

Changes have a file of their own, so that no number of refused requests washes them out of it.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from edged.messages.request_fields import unix_s
from edged.messages.wire import Message
from edged.runtime.health import Part
from edged.runtime.machine import state_folder

MOST_BYTES = 2**20
"""Of each file; then it becomes ``.1``, in place of the one before."""
CHANGES, REQUESTS = "changed-by-command.jsonl", "requests.jsonl"
UNWRITTEN = "the audit log of commands cannot be written"
"""The condition in the commands' health."""

log = logging.getLogger(__name__)


class AuditLine(Message):
    """One line."""

    at: str
    """The box's time."""
    command: str
    transaction: str | None
    outcome: Literal["begun", "ok", "error", "refused", "fault"]
    """``begun`` stands before a change is made, so that one that costs the box its life is there too."""
    asked_at: str | None = None
    """By the asker's clock."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """As they were asked, without those that are private."""
    reason: str | None = None


class Audit:
    """Writes both files; one that cannot be written costs a word in the health, not the commands. One thread only."""

    def __init__(self, folder: Path, health: Part) -> None:
        self._changes, self._requests = folder / CHANGES, folder / REQUESTS
        self._health, self._written = health, True

    def write(self, line: AuditLine, *, change: bool) -> None:
        """Add ``line`` to the file and to the log; a change is on the disk when this returns."""
        if line.outcome != "begun":
            level = logging.INFO if change or line.outcome != "ok" else logging.DEBUG
            extra = {"command": line.command, "transaction": line.transaction, "outcome": line.outcome}
            log.log(level, "command", extra=extra | ({"reason": line.reason} if line.reason else {}))
        try:
            _append(self._changes if change else self._requests, _encoded(line), sync=change)
            self._written = True
        except OSError as error:
            if self._written:
                log.warning(UNWRITTEN, extra={"reason": str(error)})
            self._written = False
        self._health.condition(UNWRITTEN, on=not self._written)

    def changes(self) -> Iterator[tuple[str, float]]:
        """The changes that were begun: transaction and the Unix time at which it was asked, the oldest first."""
        for path in (_before(self._changes), self._changes):
            with suppress(OSError):
                yield from filter(None, map(_begun, path.read_bytes().splitlines()))


def audit_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the files are on this box."""
    return state_folder(environment, os.getuid())


def _append(path: Path, line: bytes, *, sync: bool) -> None:
    """All of ``line`` or nothing; OSError."""
    with suppress(FileNotFoundError):
        if path.stat().st_size + len(line) > MOST_BYTES:
            path.replace(_before(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(file).st_size
        if (written := os.write(file, line)) < len(line):
            os.ftruncate(file, size)
            raise OSError(f"{written} of {len(line)} bytes were written")
        if sync:
            os.fsync(file)
    finally:
        os.close(file)


def _before(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


def _encoded(line: AuditLine) -> bytes:
    return json.dumps(line.model_dump(exclude_none=True), separators=(",", ":")).encode() + b"\n"


def _begun(line: bytes) -> tuple[str, float] | None:
    """The change that began; None for any other line, a damaged one too."""
    try:
        entry = AuditLine.model_validate_json(line)
        begun = entry.outcome == "begun" and entry.transaction and entry.asked_at
        return (str(entry.transaction), unix_s(str(entry.asked_at))) if begun else None
    except (ValueError, OverflowError):  # pydantic's ValidationError is a ValueError
        return None
