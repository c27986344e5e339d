"""Mentions: an event may stand on others and name them, each with its label, which may be somebody's name."""

import json
from collections.abc import Collection, Iterator
from typing import Any

from edged.history.record import ERASED, Record

WHERE = """instr(substr(body, instr(body, '"label":') + 8), '"label":') > 0"""
"""In SQL: it may mention others, as it has more labels than its own."""


def may_mention(record: Record) -> bool:
    """Whether it is worth a closer look: most events name none but themselves."""
    return record.body.count('"label":') > 1


def mentioned(record: Record) -> set[str]:
    """The ids of the other events that it names."""
    return {str(one["id"]) for one in _below(json.loads(record.body))}


def without_labels(record: Record, of: Collection[str]) -> Record:
    """The same, but the labels of these events are gone."""
    body = json.loads(record.body)
    for one in _below(body):
        if one["id"] in of:
            one["label"] = ERASED
    return record._replace(body=json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def _below(value: Any) -> Iterator[dict[str, Any]]:
    """Whatever has an id and a label, below the event itself."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(inner, dict) and {"id", "label"} <= inner.keys():
            yield inner
        yield from _below(inner)
