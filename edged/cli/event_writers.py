"""How the events of recordings are written: JSON lines, CSV, or label files for Audacity."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from edged.errors import EdgedError
from edged.messages.event import Event

COLUMNS = ("file", "id", "pipeline", "label", "confidence", "start_s", "end_s", "observed_s")

Write = Callable[[Path, Event], None]


def row(path: Path, event: Event) -> dict[str, Any]:
    """The event's columns; times in seconds of the recording."""
    times = {"start_s": event.start_s, "end_s": event.end_s, "observed_s": event.observed_s}
    named = {"file": str(path), "id": event.id, "pipeline": event.pipeline, "label": event.label}
    return {**named, "confidence": round(event.confidence, 4), **{name: round(s, 3) for name, s in times.items()}}


@contextmanager
def event_writer(form: str, out: Path | None) -> Iterator[Write]:
    """A function that writes one event; ``out`` None is standard output. EdgedError where it cannot be written."""
    try:
        if form == "audacity" and out is not None and out.is_dir():
            yield _write_label_files(out)
            return
        if out is None:
            yield _writer(form, sys.stdout)
            return
        with out.open("w", encoding="utf-8", newline="") as stream:
            yield _writer(form, stream)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise EdgedError(f"{out}: cannot be written: {error.strerror}") from None


def _writer(form: str, stream: TextIO) -> Write:
    if form == "audacity":
        return lambda _path, event: _emit(stream, _label(event))
    if form == "csv":
        table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        table.writeheader()
        return lambda path, event: table.writerow(row(path, event))
    return lambda path, event: _emit(
        stream, json.dumps({**row(path, event), "evidence": dict(event.evidence)}, ensure_ascii=False) + "\n"
    )


def _write_label_files(folder: Path) -> Write:
    """One file a recording, ``<recording's name>.txt``; begun anew at the recording's first event."""
    begun: set[Path] = set()

    def write(path: Path, event: Event) -> None:
        labels = folder / f"{path.name}.txt"
        with labels.open("a" if labels in begun else "w", encoding="utf-8") as stream:
            _emit(stream, _label(event))
        begun.add(labels)

    return write


def _label(event: Event) -> str:
    """Audacity's label track: start, end and text, between tabs."""
    return f"{event.start_s:.6f}\t{event.end_s:.6f}\t{event.label} {event.confidence:.2f}\n"


def _emit(stream: TextIO, line: str) -> None:
    stream.write(line)
    stream.flush()
