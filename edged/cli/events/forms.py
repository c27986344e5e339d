"""Forms: an event of the history as a line of a table, as JSON and as a row of CSV."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from edged.history.reader import Standing
from edged.history.record import Record
from edged.messages.wire import rfc3339
from edged.watching.words import duration, printable, score

HEADER = ("began", "id", "pipeline", "label", "score", "lasted")
COLUMNS = (
    "id",
    "pipeline",
    "label",
    "subject",
    "confidence",
    "started_at",
    "ended_at",
    "standing",
    "duration_s",
    "updates",
    "model",
    "model_sha256",
    "device",
    "first_seq",
    "last_seq",
    "clock",
    "start_evidence",
    "best_evidence",
)
"""Of CSV."""
LEAST_ID = 10
"""Characters of an id that are shown at least: they are its time."""
WIDEST_NAME, WIDEST_LABEL = 12, 15
"""So that a line has 80 characters."""
_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula begins so."""


def table_rows(records: Sequence[Record], standings: Sequence[Standing]) -> Iterator[tuple[str, ...]]:
    """For :data:`HEADER`, in local time."""
    length = id_length([record.id for record in records])
    for record, standing in zip(records, standings, strict=True):
        yield (
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.started_s)),
            record.id[:length],
            printable(record.pipeline, WIDEST_NAME - 1),
            printable(record.label, WIDEST_LABEL - 1),
            score(record.confidence),
            duration(record.duration_s) if standing is Standing.ENDED else standing.value,
        )


def id_length(ids: Sequence[str]) -> int:
    """So many characters tell them apart; ULIDs of one millisecond need more than others."""
    lengths = (length for length in range(LEAST_ID, 27) if len({one[:length] for one in ids}) == len(set(ids)))
    return next(lengths, 26)


def as_json(record: Record, standing: Standing) -> dict[str, Any]:
    """All that is known, with the last message as it went over the wire."""
    return {
        "id": record.id,
        "pipeline": record.pipeline,
        "label": record.label,
        "subject": record.subject,
        "confidence": record.confidence,
        "started_at": rfc3339(record.started_s),
        "ended_at": None if record.ended_s is None else rfc3339(record.ended_s),
        "standing": standing.value,
        "duration_s": record.duration_s,
        "updates": record.updates,
        "first_seq": record.first_seq,
        "last_seq": record.last_seq,
        "start_evidence": json.loads(record.start_evidence),
        "best_evidence": json.loads(record.best_evidence),
        "last_message": json.loads(record.body),
    }


def as_row(record: Record, standing: Standing) -> dict[str, Any]:
    """For :data:`COLUMNS`."""
    told = as_json(record, standing)
    last = told["last_message"]
    told |= {"model": last["model"]["name"], "model_sha256": last["model"]["sha256"], "clock": last["clock"]}
    told |= {"device": last["model"]["device"], "label": _tame(record.label)}
    told |= {name: json.dumps(told[name]) for name in ("start_evidence", "best_evidence")}
    return {name: told[name] for name in COLUMNS}


def write_csv(stream: TextIO, events: Iterator[tuple[Record, Standing]]) -> int:
    """With a header; how many events."""
    import csv

    table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    table.writeheader()
    written = 0
    for written, (record, standing) in enumerate(events, 1):  # noqa: B007  # it is returned
        table.writerow(as_row(record, standing))
    return written


def write_jsonl(stream: TextIO, events: Iterator[tuple[Record, Standing]]) -> int:
    """One JSON line an event; how many."""
    written = 0
    for written, (record, standing) in enumerate(events, 1):  # noqa: B007  # as above
        stream.write(json.dumps(as_json(record, standing), ensure_ascii=False) + "\n")
    return written


def _tame(label: str) -> str:
    return f"'{label}" if label.startswith(_RISKY) else label
