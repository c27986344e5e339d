"""Record: all that is kept of one event. Two records of one event, an earlier and a later one, make one."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from edged.messages.event import Phase
from edged.messages.wire import EventMessage

PERSON = "person:"
ERASED = "(erased)"
"""In place of a name: whom the event was about was erased from the gallery."""


class Record(NamedTuple):
    """One event, as it stands in the history's table. Times are Unix times."""

    id: str
    pipeline: str
    label: str
    subject: str | None
    started_s: float
    ended_s: float | None
    """None: it is on, or was cut short and nobody has ended it since."""
    cut: bool
    """Edged ended before the event did; it lasted at least until ``ended_s``, where that is known."""
    confidence: float
    """The highest of its messages."""
    duration_s: float
    updates: int
    first_seq: int
    last_seq: int
    start_evidence: str
    """JSON, of its first message."""
    best_evidence: str
    """JSON, of the message with the highest confidence."""
    body: str
    """JSON of its last message."""

    @property
    def message(self) -> EventMessage:
        """The last one."""
        return EventMessage.model_validate_json(self.body)

    @property
    def is_about(self) -> str | None:
        """Whom, by id in the gallery; None: nobody in it."""
        return self.subject.removeprefix(PERSON) if self.subject and self.subject.startswith(PERSON) else None


def record_of(message: EventMessage) -> Record:
    """What one message tells."""
    evidence = json.dumps(message.evidence)
    return Record(
        id=message.id,
        pipeline=message.pipeline,
        label=message.label,
        subject=message.subject,
        started_s=unix_s(message.started_at),
        ended_s=unix_s(message.ended_at) if message.ended_at else None,
        cut=message.cut_short,
        confidence=message.confidence,
        duration_s=message.duration_s,
        updates=int(message.phase is Phase.UPDATE),
        first_seq=message.seq,
        last_seq=message.seq,
        start_evidence=evidence,
        best_evidence=evidence,
        body=message.model_dump_json(),
    )


def merged(earlier: Record, later: Record) -> Record:
    """Both, of one event."""
    best = later if later.confidence > earlier.confidence else earlier
    return later._replace(
        started_s=earlier.started_s,
        confidence=best.confidence,
        updates=earlier.updates + later.updates,
        first_seq=earlier.first_seq,
        start_evidence=earlier.start_evidence,
        best_evidence=best.best_evidence,
    )


def anonymous(record: Record) -> Record:
    """The same without whom it was about."""
    message = record.message.model_copy(update={"label": ERASED, "subject": None})
    return record._replace(label=ERASED, subject=None, body=message.model_dump_json())


def unix_s(text: str) -> float:
    """RFC 3339 -> Unix time."""
    return datetime.fromisoformat(text).timestamp()


def evidence_of(text: str) -> dict[str, Any]:
    """As it is in :class:`Record`."""
    found: dict[str, Any] = json.loads(text)
    return found
