"""Facts for tests: put together by hand, and out of a history that is written to the disk."""

import json
from pathlib import Path
from typing import Any

from edged.history.reader import Standing, reading
from edged.history.record import Record
from edged.history.store import HealthChange, Run, Store
from edged.report_page.facts import Facts, gather
from edged.report_page.health_spans import spans_of
from edged.report_page.lives import gaps_of, lives_of
from edged.report_page.period import Period
from edged.report_page.tally import Tally
from edged.sinks.clips.clip import Feedback

NOON_S = 1_800_000_000.0
DAY_S = 86400.0
PERIOD = Period(NOON_S, NOON_S + DAY_S)


def a_record(number: int = 0, after_s: float = 0.0, **changes: Any) -> Record:
    """An event that began so long after the period did."""
    body = {"clock": changes.pop("clock", "synchronised"), "latency_ms": changes.pop("latency_ms", {"total": 120.0})}
    record = Record(
        id=f"{number:026d}",
        pipeline="drones",
        label="drone",
        subject=None,
        started_s=NOON_S + after_s,
        ended_s=NOON_S + after_s + 4,
        cut=False,
        confidence=0.9,
        duration_s=4.0,
        updates=0,
        first_seq=1,
        last_seq=2,
        start_evidence="{}",
        best_evidence="{}",
        body=json.dumps(body),
    )
    return record._replace(**changes)


def a_run(number: int, from_s: float, seen_s: float, *, stopped: bool = False, boot_id: str = "a") -> Run:
    """Times from the period's beginning on."""
    return Run(number, boot_id, "1.0", NOON_S + from_s, NOON_S + seen_s, NOON_S + seen_s if stopped else None)


def a_change(after_s: float, part: str, state: str, reason: str = "") -> HealthChange:
    return HealthChange(NOON_S + after_s, part, state, reason)


def said(verdict: str, label: str | None = None) -> Feedback:
    return Feedback(verdict=verdict, label=label, at="2027-01-15T12:00:00.000Z")


def facts_by_hand(
    records=(), *, runs=(), changes=(), feedback=None, now_s: float = PERIOD.until_s, device: str = "barn"
) -> Facts:
    """Without a file; ``feedback``: by event."""
    tally = Tally(PERIOD, (feedback or {}).get)
    tally.add_all(records)
    lives = lives_of(runs, now_s)
    return Facts(
        device=device,
        period=PERIOD,
        asked=PERIOD,
        now_s=now_s,
        tally=tally,
        standings=[Standing.ENDED for _ in tally.last],
        lives=lives,
        gaps=gaps_of(lives, PERIOD),
        spans=spans_of(changes, lives, PERIOD),
    )


def facts_on_disk(folder: Path, records=(), *, runs=(), changes=(), asked: Period = PERIOD) -> Facts:
    """Through the history's file."""
    store = Store(folder / "history.sqlite3")
    with store.transaction():
        for run in runs:
            number = store.begin_run(run.boot_id, run.version, run.started_s)
            store.see_run(number, run.seen_s, stopped=run.stopped_s is not None)
        store.put(records)
        store.add_health(changes)
    store.close()
    with reading(folder / "history.sqlite3") as history:
        return gather(history, asked, "barn", lambda _: None, asked.until_s)
