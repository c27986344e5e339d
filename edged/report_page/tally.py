"""Tally: what many events come to, counted one by one, so that a hundred thousand take no more room than a few."""

import json
import math
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from edged.errors import EdgedError, first_line
from edged.history.record import Record
from edged.report_page.period import Period
from edged.sinks.clips.clip import Feedback, Verdict

MOST_KINDS = 500
"""Pipelines with their labels that are told apart; what comes later than these counts as ``OTHERS``."""
OTHERS = "(others)"
SCORE_BINS = 20
MOST_STEPS = 200
"""Steps of pipelines whose latency is kept."""
MOST_LATENCIES = 5_000
"""Of each step, the newest."""
MOST_LISTED = 50
"""Events, the newest."""


class Kind(NamedTuple):
    """What is told apart."""

    pipeline: str
    label: str


class Step(NamedTuple):
    """What takes time."""

    pipeline: str
    name: str


class Listed(NamedTuple):
    """An event, and what a person said of it."""

    record: Record
    feedback: Feedback | None


@dataclass(slots=True)
class Scores:
    """How many events of one kind had which score, by what a person said of them; None: nothing."""

    bins: dict[Verdict | None, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    really: Counter[str] = field(default_factory=Counter)
    """What the false alarms were, by people's words; empty where they do not say."""

    @property
    def total(self) -> int:
        """Events."""
        return sum(map(self.judged, self.bins))

    def judged(self, verdict: Verdict | None) -> int:
        """Events of which a person said so."""
        return self.bins[verdict].total() if verdict in self.bins else 0


class Tally:
    """Of the events of a period."""

    def __init__(self, period: Period, feedback: Callable[[str], Feedback | None]) -> None:
        """``feedback``: of an event, by id; EdgedError where there is some that cannot be read."""
        self.period, self._feedback = period, feedback
        self.total = 0
        self.over_time: dict[str, Counter[int]] = defaultdict(Counter)
        """By pipeline, then by bin of the period."""
        self.by_hour: dict[str, Counter[int]] = defaultdict(Counter)
        """By pipeline, then by hour of the day, local time."""
        self.scores: dict[Kind, Scores] = defaultdict(Scores)
        self.latencies_ms: dict[Step, deque[float]] = {}
        self.last: deque[Listed] = deque(maxlen=MOST_LISTED)
        self.unreadable, self.why = 0, ""
        """Events with feedback that could not be read, and why."""
        self.clock_wrong = 0
        """Events whose times may be wrong."""

    def add_all(self, records: Iterable[Record]) -> None:
        """In order of their beginnings."""
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Count an event."""
        feedback, message = self._said_of(record.id), json.loads(record.body)
        kind = self._kind(record)
        self.total += 1
        self.over_time[kind.pipeline][self.period.bin_of(record.started_s)] += 1
        self.by_hour[kind.pipeline][time.localtime(record.started_s).tm_hour] += 1
        scores = self.scores[kind]
        scores.bins[feedback.verdict if feedback else None][_score_bin(record.confidence)] += 1
        if feedback and feedback.verdict == "false_alarm":
            was = feedback.label or ""
            scores.really[was if was in scores.really or len(scores.really) < MOST_KINDS else OTHERS] += 1
        self.clock_wrong += message.get("clock") == "unsynchronised"
        for name, took_ms in message.get("latency_ms", {}).items():
            self._took(Step(kind.pipeline, name), took_ms)
        self.last.append(Listed(record, feedback))

    def pipelines(self) -> list[str]:
        """By name."""
        return sorted(self.over_time)

    def _kind(self, record: Record) -> Kind:
        kind = Kind(record.pipeline, record.label)
        if kind in self.scores or len(self.scores) < MOST_KINDS:
            return kind
        return Kind(record.pipeline if record.pipeline in self.over_time else OTHERS, OTHERS)

    def _said_of(self, event: str) -> Feedback | None:
        try:
            return self._feedback(event)
        except EdgedError as error:
            self.unreadable, self.why = self.unreadable + 1, first_line(error)
            return None

    def _took(self, step: Step, took_ms: float) -> None:
        if step not in self.latencies_ms and len(self.latencies_ms) >= MOST_STEPS:
            return
        if math.isfinite(took_ms):
            self.latencies_ms.setdefault(step, deque(maxlen=MOST_LATENCIES)).append(took_ms)


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that so large a share of them does not exceed; at least one value."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def _score_bin(score: float) -> int:
    return min(max(int(score * SCORE_BINS), 0), SCORE_BINS - 1) if math.isfinite(score) else 0
