"""HoldBack: keeps from being published what nobody wants to be told of: too often, too unsure, at the wrong hour.

An event is judged at its start and, while it is held back, at each update: the first of its messages that passes is its
start. Once published it stays so to its end, whatever the hour; what was never published has no end.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

from edged.config import Section
from edged.messages.event import Event, Phase
from edged.runtime.health import Part

MOST = 1000
"""Events that are on, and ends that are remembered for their cooldown; the oldest are forgotten first."""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Subject = tuple[str, str | None]
"""What a cooldown is of: label, and whom it is about."""
K = TypeVar("K")
V = TypeVar("V")


def _as_text(value: Any) -> Any:
    """YAML reads an unquoted 22:30 as 22 x 60 + 30."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return f"{value // 60:02}:{value % 60:02}" if is_number and value >= 0 else value


def _is_time_of_day(value: str) -> str:
    if not re.fullmatch("([01]?[0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError(f'{value[:20]!r}, must be a time of day such as "22:00"')
    return value


WallTime = Annotated[str, BeforeValidator(_as_text), AfterValidator(_is_time_of_day)]
"""``22:30``, by the clock on the wall."""


class QuietHours(Section):
    """When events are held back, and which of them pass all the same."""

    model_config = ConfigDict(populate_by_name=True)

    begin: WallTime = Field(alias="from")
    """Local time, such as "22:00"."""
    end: WallTime = Field(alias="to")
    """Local time, such as "06:00"; not after `from`: of the next day."""
    days: tuple[Day, ...] = Field(DAYS, min_length=1)
    """The days on which they begin."""
    labels: tuple[str, ...] = ()
    """Events with one of these labels pass; none named: whatever `min_confidence` lets pass."""
    min_confidence: float | None = Field(None, ge=0, le=1)
    """Events (with `labels`: of those labels) pass when they are at least this sure; null: however sure they are, but
    only of named labels."""


class PublishConfig(Section):
    """Which events are published; the others are counted in health as `held_…`, and gone."""

    cooldown_s: float = Field(0.0, ge=0, le=604_800)
    """After the end of a published event, another of the same label and person is held back for this long; 0: never."""
    min_confidence: float = Field(0.0, ge=0, le=1)
    """An event that is less sure is held back until it is sure; 0: none."""
    quiet_hours: tuple[QuietHours, ...] = ()
    """When events are held back, by the box's own clock and time zone, synchronised or not; not those in recordings.
    [{from: "22:00", to: "06:00", days: [fri, sat], labels: [drone], min_confidence: 0.95}] holds back, in the nights
    that begin on these days, all but drones that it is this sure of; each of the last three may be left out."""
    quiet_until: AwareDatetime | None = None
    """Until then every event is held back, such as "2026-11-21T07:00:00+01:00"; null: none is."""


class Reason(StrEnum):
    """Why an event is held back; the counter's name in health."""

    COOLDOWN = "held_cooldown"
    CONFIDENCE = "held_confidence"
    QUIET = "held_quiet"


def minute_of_day(wall_time: str) -> int:
    """``22:30`` -> 1350."""
    hour, _, minute = wall_time.partition(":")
    return int(hour) * 60 + int(minute)


def are_on(hours: QuietHours, at: datetime) -> bool:
    """Whether quiet hours are on; ``at`` is local.

    By the wall's clock alone: in the night of a change of time what it shows twice counts twice, what it skips not.
    """
    now, begin, end = at.hour * 60 + at.minute, minute_of_day(hours.begin), minute_of_day(hours.end)
    today, yesterday = (DAYS[at.weekday() - back] in hours.days for back in (0, 1))
    if begin < end:
        return today and begin <= now < end
    return (today and now >= begin) or (yesterday and now < end)


def let_pass(hours: QuietHours, event: Event) -> bool:
    """Whether the event passes these quiet hours."""
    if not hours.labels and hours.min_confidence is None:
        return False
    return event.confidence >= (hours.min_confidence or 0.0) and (not hours.labels or event.label in hours.labels)


def is_quiet(event: Event, config: PublishConfig, local: Callable[[float], datetime]) -> bool:
    """Whether it is held back for the hour; ``local`` makes a local time of a Unix time."""
    if not event.epoch_s:  # a recording's: nobody knows its hour
        return False
    at = local(event.epoch_s + event.observed_s)
    silent = config.quiet_until is not None and at < config.quiet_until
    return silent or any(are_on(hours, at) and not let_pass(hours, event) for hours in config.quiet_hours)


def reasons_to_hold(
    event: Event, config: PublishConfig, ended_s: float | None, local: Callable[[float], datetime]
) -> frozenset[Reason]:
    """Why this message is not published; none: it is. ``ended_s``: Unix time at which the last one like it ended."""
    since_s = None if ended_s is None else event.epoch_s + event.observed_s - ended_s
    holds = {
        # before it, too: a clock that is set back must neither lift a cooldown nor stretch it beyond its double
        Reason.COOLDOWN: since_s is not None and abs(since_s) < config.cooldown_s,
        Reason.CONFIDENCE: event.confidence < config.min_confidence,
        Reason.QUIET: is_quiet(event, config, local),
    }
    return frozenset(reason for reason, holds_it in holds.items() if holds_it)


def to_local(unix_s: float) -> datetime:
    """In the box's time zone."""
    return datetime.fromtimestamp(unix_s, UTC).astimezone()


class HoldBack:
    """Holds which events are on, published or held back, and when the last ones ended."""

    def __init__(
        self, config: PublishConfig, health: Part, local: Callable[[float], datetime] = to_local, most: int = MOST
    ) -> None:
        """``health`` counts what is held back, once an event and reason."""
        self._config, self._health, self._local, self._most = config, health, local, most
        self._held: dict[str, frozenset[Reason]] = {}
        self._published: dict[str, None] = {}
        self._ended_s: dict[Subject, float] = {}

    def __call__(self, event: Event) -> Iterator[Event]:
        if event.phase is Phase.END:
            yield from self._end(event)
        elif event.id in self._published:
            yield event
        elif not self._holds(event):
            self._held.pop(event.id, None)
            self._put(self._published, event.id, None)
            yield replace(event, phase=Phase.START)

    def finish(self) -> tuple[()]:
        """The stream stops here: the stage before has ended all its events."""
        self._held.clear()
        self._published.clear()
        return ()

    def _holds(self, event: Event) -> bool:
        reasons = reasons_to_hold(event, self._config, self._ended_s.get((event.label, event.subject)), self._local)
        before = self._held.get(event.id, frozenset())
        for reason in reasons - before:
            self._health.count(reason)
        if reasons:
            self._put(self._held, event.id, before | reasons)
        return bool(reasons)

    def _end(self, event: Event) -> Iterator[Event]:
        self._held.pop(event.id, None)
        if event.id not in self._published:
            return
        del self._published[event.id]
        if self._config.cooldown_s:
            self._ended_s.pop((event.label, event.subject), None)
            self._put(self._ended_s, (event.label, event.subject), event.epoch_s + event.observed_s)
        yield event

    def _put(self, table: dict[K, V], key: K, value: V) -> None:
        table[key] = value
        if len(table) > self._most:
            del table[next(iter(table))]
