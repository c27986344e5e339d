"""Lives: when edged ran, how each life ended, and the gaps between them."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from edged.history.reader import ALIVE_S
from edged.history.store import Run
from edged.report_page.period import Period


class End(StrEnum):
    """How a life ended."""

    NONE = "runs"
    STOPPED = "stopped"
    CUT = "cut short"
    """Killed, or the power went; it is known to within a minute when."""


class Life(NamedTuple):
    """One run of edged, as far as it lies after the one before. Unix times."""

    started_s: float
    ended_s: float
    end: End
    version: str
    boot_id: str


class Gap(NamedTuple):
    """A time in which edged did not run. Unix times."""

    from_s: float
    until_s: float
    end: End
    """Of the life before it."""
    rebooted: bool
    """The machine started anew in between."""
    over: bool
    """Edged runs again after it."""


def lives_of(runs: Iterable[Run], now_s: float) -> list[Life]:
    """In order; the last may still run at ``now_s``."""
    known, lives = list(runs), list[Life]()
    for number, run in enumerate(known):
        is_last = number == len(known) - 1
        runs_still = is_last and run.stopped_s is None and now_s - run.seen_s < ALIVE_S
        end = End.NONE if runs_still else End.STOPPED if run.stopped_s is not None else End.CUT
        ended_s = now_s if runs_still else run.stopped_s or run.seen_s
        started_s = max(run.started_s, lives[-1].ended_s) if lives else run.started_s  # a clock may be set back
        lives.append(Life(started_s, max(ended_s, started_s), end, run.version, run.boot_id))
    return lives


def gaps_of(lives: Sequence[Life], period: Period) -> list[Gap]:
    """Those of the period. What was before the first life that is known is no gap: nothing is known of it."""
    gaps = [
        Gap(one.ended_s, other.started_s, one.end, one.boot_id != other.boot_id, over=True)
        for one, other in pairwise(lives)
    ]
    if lives and lives[-1].end is not End.NONE:
        last = lives[-1]
        gaps.append(Gap(last.ended_s, period.until_s, last.end, rebooted=False, over=False))
    return [gap for gap in gaps if gap.from_s < period.until_s and gap.until_s > max(period.since_s, gap.from_s)]


def up_s(lives: Iterable[Life], period: Period) -> float:
    """For so long edged ran."""
    return sum(max(_within(life, period), 0.0) for life in lives)


def known_s(lives: Sequence[Life], period: Period) -> float:
    """For so long it is known whether it ran; 0 without any life."""
    return period.until_s - max(period.since_s, min(lives[0].started_s, period.until_s)) if lives else 0.0


def _within(life: Life, period: Period) -> float:
    return min(life.ended_s, period.until_s) - max(life.started_s, period.since_s)
