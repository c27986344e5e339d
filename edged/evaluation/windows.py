"""Reads a folder of labelled windows: ``windows.csv`` and the sound files it names.

The columns are ``file, start_sample, valid_samples, label, recording``. A window is one second from ``start_sample``
on; what lies beyond ``valid_samples`` is zero. Files may have any length, rate and number of channels.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edged.errors import EdgedError
from edged.sources.recording import Recording, RecordingConfig

RATE_HZ = 16000
"""Rate at which windows are handed out."""
WINDOW_SAMPLES = 16000
"""One second."""
COLUMNS = ("file", "start_sample", "valid_samples", "label", "recording")
NOT_DRONES = frozenset(
    {
        "background",
        "doing_the_dishes",
        "exercise_bike",
        "helicopter",
        "noise",
        "pink_noise",
        "running_tap",
        "silence",
        "unknown",
        "white_noise",
    }
)
"""Labels of what is not a drone, besides ``esc_…`` and ``…_noise``."""


class FolderError(EdgedError):
    """A folder of labelled windows cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """One row of ``windows.csv`` with its sound."""

    samples: NDArray[np.float32]
    """Shape (16000,), float32 in [-1, 1], 16 kHz mono; zeros beyond what is valid."""
    valid_samples: int
    """So many of them are sound."""
    label: str
    recording: str
    """What was recorded in one go; windows of one recording are not independent."""

    @property
    def is_drone(self) -> bool:
        """Whether the label names a drone: see :func:`is_drone`."""
        return is_drone(self.label)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    file: str
    start_sample: int
    valid_samples: int
    label: str
    recording: str


def is_drone(label: str) -> bool:
    """False for ``esc_…``, ``…_noise`` and :data:`NOT_DRONES`; every other label names a drone."""
    name = label.strip().lower()
    return not (name.startswith("esc_") or name.endswith("_noise") or name in NOT_DRONES)


def read_windows(directory: Path) -> Iterator[LabelledWindow]:
    """The windows of a folder in the order of its ``windows.csv``.

    Raises :class:`FolderError` when the table is missing or a row is wrong, naming file, line, value and remedy, and
    :class:`~edged.errors.RecordingError` when a sound file cannot be read.
    """
    name, sound = "", np.empty(0, np.float32)
    for row in read_table(directory / "windows.csv"):
        if row.file != name:
            name, sound = row.file, _read_sound(directory, row)
        yield _cut(sound, row, directory / "windows.csv")


def read_table(path: Path) -> list[_Row]:
    """The checked rows of a ``windows.csv``. Raises :class:`FolderError`."""
    if not path.is_file():
        raise FolderError(f"{path}: no such file; a folder to evaluate has a windows.csv with {', '.join(COLUMNS)}")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
            if missing:
                raise FolderError(f"{path}:1: no column {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
            rows = [_row(path, reader.line_num, fields) for fields in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FolderError(f"{path}: not a CSV table in UTF-8 ({error}); save it as one") from error
    if not rows:
        raise FolderError(f"{path}: no windows; add a row per window")
    return rows


def _row(path: Path, line: int, fields: dict[str, str | None]) -> _Row:
    for column in COLUMNS:
        if not (fields[column] or "").strip():
            raise FolderError(f"{path}:{line}: {column} is empty; fill it in")
    text = {column: str(fields[column]).strip() for column in COLUMNS}
    start = _count(path, line, "start_sample", text["start_sample"])
    valid = _count(path, line, "valid_samples", text["valid_samples"])
    return _Row(line, text["file"], start, valid, text["label"], text["recording"])


def _count(path: Path, line: int, column: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise FolderError(f"{path}:{line}: {column}: {value!r}, must be a whole number of samples, 0 or more")
    return int(value)


def _read_sound(directory: Path, row: _Row) -> NDArray[np.float32]:
    path = directory / row.file
    if not path.is_file():
        table = directory / "windows.csv"
        raise FolderError(f"{table}:{row.line}: file: {row.file!r}, no such file; put it beside the table")
    return read_sound(path)


def read_sound(path: Path) -> NDArray[np.float32]:
    """A sound file as 16 kHz mono, shape (n,). Raises :class:`~edged.errors.RecordingError` when it cannot be read."""
    recording = Recording(RecordingConfig(path=path, realtime=False, chunk_s=1.0), RATE_HZ)
    samples: NDArray[np.float32] = np.nan_to_num(np.concatenate([chunk.samples for chunk in recording]))
    return samples


def _cut(sound: NDArray[np.float32], row: _Row, table: Path) -> LabelledWindow:
    valid = min(row.valid_samples, WINDOW_SAMPLES)
    part = sound[row.start_sample : row.start_sample + valid]
    if not part.size:
        raise FolderError(
            f"{table}:{row.line}: start_sample: {row.start_sample} with valid_samples: {row.valid_samples},"
            f" but {row.file} has {sound.size} samples at {RATE_HZ} Hz; correct the row"
        )
    samples = np.zeros(WINDOW_SAMPLES, np.float32)
    samples[: part.size] = part
    return LabelledWindow(samples, part.size, row.label, row.recording)
