"""Disk: whether there is room for what the box keeps, and whether the disk answers at all."""

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, model_validator

from edged.config import Section
from edged.guards.guard import Seen, size
from edged.guards.question import Question
from edged.runtime.finding import Finding, Level

EVERY_S = 1.0
SILENT_S = 10.0
"""A disk that has not answered for so long is at fault."""
LEAST_FILES = 1000
"""Fewer files that can still be made are as bad as too few bytes."""
REMEDY = "delete what is not edged's, or lower clips.max_bytes and outbox.max_bytes"


class DiskConfig(Section):
    """When the disk is short of room. Clips go by themselves before that (`clips.min_free_bytes`), people never do."""

    low_bytes: int = Field(1_000_000_000, ge=0, le=2**44)
    """Less than that free is told in health."""
    least_bytes: int = Field(300_000_000, ge=0, le=2**44)
    """Less than that free makes the box degraded."""

    @model_validator(mode="after")
    def _are_in_order(self) -> "DiskConfig":
        if self.least_bytes > self.low_bytes:
            raise ValueError(f"least_bytes: {self.least_bytes}, must be at most low_bytes ({self.low_bytes})")
        return self


class Room(NamedTuple):
    """What a file system has left."""

    free_bytes: int
    """For us, without what is reserved for root."""
    free_files: int | None
    """Files that can still be made; None: as many as there is room for."""
    read_only: bool


def judge(folder: Path, room: Room, config: DiskConfig) -> Finding:
    """The rule."""
    few_files = room.free_files is not None and room.free_files < LEAST_FILES
    left = f"{folder}: {size(room.free_bytes)} free"
    if room.read_only:
        remedy = "the card may be at its end: look at `dmesg`, and exchange it"
        return Finding(Level.FAULT, "disk", f"{folder}: is read-only: events are kept in memory alone", remedy)
    if few_files:
        return Finding(Level.WARNING, "disk", f"{folder}: {room.free_files} files can still be made", REMEDY)
    if room.free_bytes < config.least_bytes:
        return Finding(Level.WARNING, "disk", f"{left}, less than {size(config.least_bytes)}", REMEDY)
    if room.free_bytes < config.low_bytes:
        return Finding(Level.OK, "disk", f"{left}: it is running low", REMEDY)
    return Finding(Level.OK, "disk", "")


def room_of(folder: Path) -> Room:
    """Read it; of the nearest folder above, where this one is not there yet. OSError: the disk does not tell."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    told = os.statvfs(folder)
    files = told.f_favail if told.f_files else None  # btrfs and the like have no such limit
    return Room(told.f_bavail * told.f_frsize, files, bool(told.f_flag & os.ST_RDONLY))


class Disk:
    """Watches the folders that the box writes to."""

    name = "disk"

    def __init__(self, config: DiskConfig, folders: Iterable[Path], read: Callable[[Path], Room] = room_of) -> None:
        self._read = read
        self._questions: dict[Path, Question[Room]] = {}
        self.use(config, folders)

    def use(self, config: DiskConfig, folders: Iterable[Path]) -> None:
        """From now on watch these folders by these numbers."""
        known, self._config = self._questions, config
        self._questions = {each: known.get(each) or self._question(each) for each in folders}

    def look(self, now_s: float) -> Seen | None:
        """The worst of them; None where there is nothing to watch, or to say yet."""
        findings = [self._judged(folder, asked, now_s) for folder, asked in self._questions.items()]
        known = [finding for finding in findings if finding is not None]
        rooms = [asked.answer.free_bytes for asked in self._questions.values() if asked.answer is not None]
        if not known:
            return None
        worst = max(known, key=lambda finding: (list(Level).index(finding.level), bool(finding.found)))
        return Seen(worst, {"free_bytes": min(rooms)} if rooms else {})

    def _question(self, folder: Path) -> Question[Room]:
        return Question(f"disk-{folder.name}", partial(self._read, folder), EVERY_S)

    def _judged(self, folder: Path, asked: Question[Room], now_s: float) -> Finding | None:
        if (silent_s := asked.ask(now_s)) >= SILENT_S:
            remedy = "see to the disk, or to the server that it is on"
            return Finding(Level.FAULT, "disk", f"{folder}: has not answered for {silent_s // 10 * 10:.0f} s", remedy)
        if asked.error is not None:
            return Finding(Level.FAULT, "disk", f"{folder}: cannot be read: {asked.error}", "see to the disk")
        return judge(folder, asked.answer, self._config) if asked.answer is not None else None
