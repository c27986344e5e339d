"""Health spans: how each part was, from when until when, told from its changes and from when edged ran."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from edged.history.health_changes import BOX, GONE
from edged.history.store import HealthChange
from edged.messages.health import State
from edged.report_page.lives import End, Life
from edged.report_page.period import Period

EARLY_S = 5.0
"""A part gets into its first state so long before the history begins to run, at most."""
MOST_SPANS = 300
"""Of a part; where there are more, each of ``CELLS`` equal times shows the worst of it."""
CELLS = 300
SEVERITY = {state.value: rank for rank, state in enumerate(State)}


class Span(NamedTuple):
    """A part was so for so long. Unix times."""

    part: str
    state: str
    reason: str
    from_s: float
    until_s: float

    @property
    def severity(self) -> int:
        """More is worse; what is no state of ours is least."""
        return SEVERITY.get(self.state, -1)

    @property
    def is_well(self) -> bool:
        """Nobody need have looked after it."""
        return self.state not in {State.DEGRADED, State.FAILING}


def spans_of(changes: Iterable[HealthChange], lives: Sequence[Life], period: Period) -> dict[str, list[Span]]:
    """By part, the box first. While edged did not run nothing is known, and there is no span."""
    told: dict[str, dict[int, list[HealthChange]]] = defaultdict(lambda: defaultdict(list))
    starts = [life.started_s - EARLY_S for life in lives]
    for change in changes:
        if (life := bisect_right(starts, change.at_s) - 1) >= 0:
            told[change.part][life].append(change)
    ends = _ends(told, lives)
    found = {
        part: [
            span
            for number, of_it in sorted(by_life.items())
            for span in _spans(of_it, lives[number].started_s, ends[number], period)
        ]
        for part, by_life in told.items()
    }
    return {part: found[part] for part in sorted(found, key=lambda name: (name != BOX, name)) if found[part]}


def coarse(spans: Sequence[Span], period: Period) -> list[Span]:
    """Not too many: else the worst of each cell, and neighbours that are alike are one."""
    if len(spans) <= MOST_SPANS:
        return list(spans)
    cells: dict[int, Span] = {}
    for span in spans:
        last = min(int(period.share(span.until_s) * CELLS), CELLS - 1)
        for cell in range(int(period.share(span.from_s) * CELLS), last + 1):
            if cell not in cells or span.severity > cells[cell].severity:
                cells[cell] = span
    cell_s = period.length_s / CELLS
    drawn = []
    in_order = [(cell, cell - rank, cells[cell]) for rank, cell in enumerate(sorted(cells))]
    for _, group in groupby(in_order, key=lambda it: (it[1], it[2].state, it[2].reason)):  # it[1] is one up to a hole
        alike = list(group)
        from_s = period.since_s + alike[0][0] * cell_s
        until_s = period.since_s + (alike[-1][0] + 1) * cell_s
        drawn.append(alike[0][2]._replace(from_s=from_s, until_s=until_s))
    return drawn


def well_share(spans: Iterable[Span]) -> float:
    """Of the time that is known, from 0 to 1."""
    lasted = {True: 0.0, False: 0.0}
    for span in spans:
        lasted[span.is_well] += span.until_s - span.from_s
    return lasted[True] / (sum(lasted.values()) or 1.0)


def _ends(told: Mapping[str, Mapping[int, list[HealthChange]]], lives: Sequence[Life]) -> list[float]:
    """A life that was cut short went on at least until the last that it told."""
    ends = [life.ended_s for life in lives]
    for by_life in told.values():
        for number, changes in by_life.items():
            if lives[number].end is End.CUT:
                ends[number] = max(ends[number], *(change.at_s for change in changes))
    nexts = [*(life.started_s for life in lives), float("inf")][1:]
    return list(map(min, ends, nexts))


def _spans(changes: list[HealthChange], from_s: float, until_s: float, period: Period) -> Iterable[Span]:
    changes = sorted(changes, key=lambda change: change.at_s)
    for change, other in zip(changes, [*changes[1:], None], strict=True):
        begins = max(change.at_s, from_s, period.since_s)
        ends = min(other.at_s if other else until_s, until_s, period.until_s)
        if change.state != GONE and ends > begins:
            yield Span(change.part, change.state, change.reason, begins, ends)
