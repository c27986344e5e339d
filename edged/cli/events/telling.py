"""Telling: all that is known of an event, line by line."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from edged.history.reader import Standing
from edged.history.record import Record, evidence_of
from edged.messages.wire import EventMessage
from edged.sinks.clips.clip import Description, Feedback
from edged.watching.words import duration, printable, score

MOST_FILES = 8
"""Named; of more it is said how many."""
CLOCKS = {
    "unsynchronised": "was not set: the times may be wrong",
    "corrected": "was wrong, the times were put right",
}

Line = tuple[str, str]


def title(record: Record) -> str:
    """What, how surely, by whom and when, on one line."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.started_s))
    return f"{printable(record.label, 40)} {score(record.confidence)}, {printable(record.pipeline)}, {when}"


def lines(record: Record, standing: Standing) -> Iterator[Line]:
    """What the history knows."""
    message = record.message
    yield "event", title(record)
    yield "id", record.id
    if record.subject:
        yield "subject", printable(record.subject)
    yield "began", _moment(record.started_s)
    yield "ended", _end(record, standing)
    yield "told in", f"messages {record.first_seq} to {record.last_seq}, {record.updates} of them updates"
    model = message.model
    yield "model", f"{printable(model.name)} on {printable(model.device)}, sha256 {printable(model.sha256)}"
    yield from _evidence(record)
    yield "latency", _latency(message)
    if said := CLOCKS.get(message.clock):
        yield "clock", said


def clip_lines(clip: Description | None, path: str, feedback: Feedback | None) -> Iterator[Line]:
    """What is kept as evidence, and what a person said."""
    if clip is None:
        yield "clip", "none is kept"
        return
    names = [f"{printable(file.name)} ({file.bytes / 1000:.1f} kB)" for file in clip.files[:MOST_FILES]]
    if len(clip.files) > MOST_FILES:
        names.append(f"and {len(clip.files) - MOST_FILES} more")
    yield "clip", f"{path}{', encrypted' if clip.sealed else ''}"
    yield "files", ", ".join(names)
    if feedback:
        label = f", it was {printable(feedback.label)}" if feedback.label else ""
        yield "feedback", f"{feedback.verdict.replace('_', ' ')}{label}; said at {printable(feedback.at)}"


def _evidence(record: Record) -> Iterator[Line]:
    start, best = evidence_of(record.start_evidence), evidence_of(record.best_evidence)
    yield "evidence", f"at its start: {_figures(start)}"
    if best != start:
        yield "", f"at its best: {_figures(best)}"


def _figures(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{printable(name)} {_figure(value)}" for name, value in figures.items()) or "none"


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else printable(json.dumps(value, ensure_ascii=False))


def _latency(message: EventMessage) -> str:
    steps = [f"{printable(step)} {ms:.1f}" for step, ms in message.latency_ms.items()]
    return f"in ms, of its last message: {', '.join(steps)}" if steps else "unknown"


def _end(record: Record, standing: Standing) -> str:
    lasted = duration(record.duration_s)
    if standing is Standing.ON:
        return f"not yet, it is on and lasted {lasted}"
    if record.ended_s is None:
        return f"never told, edged stopped; lasted at least {lasted}"
    if standing is Standing.CUT:  # the end that the next start has told is when it was last heard of
        return f"cut short, edged stopped; was on until {_moment(record.ended_s)} at least, lasted at least {lasted}"
    return f"{_moment(record.ended_s)}, lasted {lasted}"


def _moment(at_s: float) -> str:
    whole_s, ms = divmod(round(at_s * 1000), 1000)
    at = time.localtime(whole_s)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', at)}.{ms:03d} {time.strftime('%z', at)}"
