"""Judges a model of sound events by a folder of labelled clips: ``labels.csv`` with the columns ``file, label``.

A label is one of the model's, a group of the configuration, or several of these with ``|`` between them. Clips
go through the windows and features of the pipeline of sounds. A clip's score for a class is the mean over its windows
of the highest score of the class's labels; the classes are those that the table names, and nothing was trained on them.
"""

import csv
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.errors import EdgedError
from edged.evaluation.faces_metrics import wilson_interval
from edged.evaluation.windows import FolderError, read_sound
from edged.messages.sound import Chunk, Samples, Span
from edged.messages.sound_events import LabelledWindow
from edged.pipelines.sounds import SoundsConfig

TABLE = "labels.csv"
COLUMNS = ("file", "label")
BETWEEN = "|"
Classify = Callable[[Chunk], Sequence[LabelledWindow]]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """One row of ``labels.csv``."""

    path: Path
    label: str


def read_table(directory: Path) -> list[LabelledClip]:
    """The rows of the folder's ``labels.csv``. FolderError with file, line, value and remedy where one is wrong."""
    path = directory / TABLE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [column for column in COLUMNS if column not in (reader.fieldnames or [])]:
                raise FolderError(f"{path}:1: no column {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
            clips = [_clip(directory, f"{path}:{reader.line_num}", row) for row in reader]
    except FileNotFoundError:
        raise FolderError(f"{path}: no such file; a folder to evaluate has one with {', '.join(COLUMNS)}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FolderError(f"{path}: cannot be read as a CSV table in UTF-8: {error}") from None
    if not clips:
        raise FolderError(f"{path}: no clips; add a row for each")
    return clips


def _clip(directory: Path, where: str, row: Mapping[str, str | None]) -> LabelledClip:
    file, label = ((row[column] or "").strip() for column in COLUMNS)
    if not file or not label:
        raise FolderError(f"{where}: {'label' if file else 'file'} is empty; fill it in")
    if not (directory / file).is_file():
        raise FolderError(f"{where}: file: {file!r}, no such file; put it below the folder")
    return LabelledClip(directory / file, label)


def labels_of(name: str, known: Sequence[str], config: SoundsConfig) -> tuple[str, ...]:
    """The model's labels that a class stands for. EdgedError with a near name where it has none of that name."""
    found: list[str] = []
    for part in (part.strip() for part in name.split(BETWEEN)):
        if part not in known and part not in config.groups:
            near = difflib.get_close_matches(part, [*known, *config.groups], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise EdgedError(f"label {part!r}: neither a label of the model nor a group{hint}")
        found += (part,) if part in known else config.groups[part].labels
    return tuple(found)


def evaluate(
    classify: Classify,
    known: Sequence[str],
    config: SoundsConfig,
    directory: Path,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Score every clip of a folder; ``progress(done, total)`` is called after each.

    ``classify``: what the model says of each window of a stretch of sound; ``known``: its labels. FolderError or
    RecordingError where the folder cannot be used, EdgedError for labels that nobody knows.
    """
    clips = read_table(directory)
    names = sorted({clip.label for clip in clips})
    classes = {name: labels_of(name, known, config) for name in names}
    least = round(config.windows.window_s * config.windows.rate_hz)
    rows = []
    for done, clip in enumerate(clips, 1):
        rows.append(clip_scores(classify(as_chunk(read_sound(clip.path), least)), classes))
        progress(done, len(clips))
    return summarise([names.index(clip.label) for clip in clips], np.array(rows), names)


def as_chunk(sound: Samples, least: int) -> Chunk:
    """A whole clip; silence follows one that is shorter than a window."""
    samples = np.pad(sound, (0, max(0, least - len(sound))))
    return Chunk(samples, Span(0.0, len(samples) / 16000))


def clip_scores(windows: Sequence[LabelledWindow], classes: Mapping[str, Sequence[str]]) -> list[float]:
    """The score in [0, 1] of a clip for each class."""
    best = [[max(window.scores[label] for label in labels) for labels in classes.values()] for window in windows]
    return [float(score) for score in np.mean(best, axis=0)]


def summarise(truth: Sequence[int], scores: Scores, names: Sequence[str]) -> dict[str, Any]:
    """Figures of merit of n clips, for JSON. ``truth``: each one's class; ``scores``: shape (n, classes)."""
    right = scores.argmax(axis=1) == np.array(truth)
    precisions = [average_precision(np.array(truth) == at, scores[:, at]) for at in range(len(names))]
    low, high = wilson_interval(float(right.mean()), len(right))
    return {
        "n": len(right),
        "top1": float(right.mean()),
        "top1_interval": [low, high],
        "map": float(np.mean(precisions)),
        "classes": {
            name: {
                "n": list(truth).count(at),
                "top1": float(right[np.array(truth) == at].mean()),
                "average_precision": precisions[at],
            }
            for at, name in enumerate(names)
        },
    }


def average_precision(truth: NDArray[np.bool_], score: Scores) -> float:
    """Mean over the true ones of the precision among those that score at least as high as they; at least one is true.

    So ties count as if the false ones came first (Buckley & Voorhees 2000, without interpolation).
    """
    return float(np.mean([truth[score >= own].mean() for own in score[truth]]))
