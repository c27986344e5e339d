"""Batch: what is committed together."""

from collections import deque
from collections.abc import Iterable
from typing import TypeVar

from edged.messages.event import Event, Phase
from edged.outbox.clock import Moment

T = TypeVar("T")


def taken(pending: deque[T]) -> list[T]:
    """All that is there; what comes meanwhile stays for the next time."""
    return [pending.popleft() for _ in range(len(pending))]


def newest(accepted: Iterable[tuple[Event, Moment]]) -> list[tuple[Event, Moment]]:
    """The same in order, but an update takes the place of an earlier one of its event."""
    kept: dict[tuple[str, object], tuple[Event, Moment]] = {}
    for number, (event, moment) in enumerate(accepted):
        kept[event.id, "update" if event.phase is Phase.UPDATE else number] = (event, moment)
    return list(kept.values())
