"""Facts: all that a page tells, read from the history at one moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from edged.errors import EdgedError
from edged.history.filter import Filter
from edged.history.reader import Reader, Standing
from edged.report_page.health_spans import Span, spans_of
from edged.report_page.lives import Gap, Life, gaps_of, lives_of
from edged.report_page.period import Period, moment, must_hold_time
from edged.report_page.tally import Tally
from edged.sinks.clips.clip import Feedback


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one box."""

    device: str
    period: Period
    asked: Period
    """What was wanted; it may begin before the history does."""
    now_s: float
    """Unix time: when it was read."""
    tally: Tally
    standings: Sequence[Standing]
    """Of the tally's last events."""
    lives: Sequence[Life]
    gaps: Sequence[Gap]
    spans: Mapping[str, Sequence[Span]]
    """By part, the box first."""


def gather(
    history: Reader, asked: Period, device: str, feedback: Callable[[str], Feedback | None], now_s: float
) -> Facts:
    """Read it all; a period without an end of its own ends at ``now_s``. EdgedError where it holds no time."""
    if asked.since_s > now_s == asked.until_s:
        raise EdgedError(f"--since: {moment(asked.since_s)}: begins in the future; name an earlier beginning")
    must_hold_time(asked)
    period = _as_far_as_known(history, asked)
    lives = lives_of(history.runs(), now_s)
    changes = chain(history.health_at(period.since_s).values(), history.health(*period))
    tally = Tally(period, feedback)
    tally.add_all(history.events(Filter(*period)))
    return Facts(
        device=device,
        period=period,
        asked=asked,
        now_s=now_s,
        tally=tally,
        standings=[history.standing(listed.record, now_s) for listed in tally.last],
        lives=[life for life in lives if life.ended_s > period.since_s and life.started_s < period.until_s],
        gaps=gaps_of(lives, period),
        spans=spans_of(changes, lives, period),
    )


def _as_far_as_known(history: Reader, asked: Period) -> Period:
    """The same, from where the history begins on if that is later."""
    events = (record.started_s for record in history.events(Filter(*asked)))
    first_s = min(
        next((run.started_s for run in history.runs()), asked.until_s), next(events, asked.until_s), asked.until_s
    )
    return asked._replace(since_s=max(asked.since_s, first_s)) if first_s < asked.until_s else asked
