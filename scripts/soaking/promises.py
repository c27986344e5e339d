"""Promises: what must hold at the end of a soak, and whether it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from soaking.faults import CLEARED_S, NAMED_S, Injected
from soaking.ledger import Ledger
from soaking.notices import Notice
from soaking.program import ENDED, STOP_S
from soaking.samples import CALM_S, Sample, longest_life
from soaking.sounds import Pass
from soaking.trend import Trend, growth, slope

WARM_UP = 0.2
"""Share of a life in which memory may grow: pools and caches fill."""
JUDGED_S = 1200.0
"""A slope over a shorter time is shown, not judged."""
MOST_MB_AN_HOUR = 1.0
MOST_NEW_FDS = 1.0
SETTLES_S = 2.0
"""After a fault has cleared, a drone may be missed for so long: its votes have just begun."""
MOST_NAMED = 5
"""Culprits that a promise's words list."""
LAST_WORDS = ("Traceback", "Fatal Python error", ENDED)


class Promise(NamedTuple):
    """One of them."""

    name: str
    held: bool | None
    """None: shown, not judged."""
    words: str


@dataclass(slots=True)
class Outcome:
    """All that was seen."""

    began_s: float
    ended_s: float
    ledger: Ledger
    faults: Sequence[Injected]
    passes: Sequence[Pass]
    samples: Sequence[Sample]
    notices: Sequence[Notice]
    status: int | None = None
    """The exit status in the end; None: it did not stop in time."""
    stop_took_s: float = 0.0
    left_out: Sequence[str] = field(default_factory=list)

    @property
    def connected_s(self) -> list[float]:
        """When the box connected to the broker."""
        return [it.at_s for it in self.notices if it.kind == "log" and it.said["message"] == "connected"]


def judge(outcome: Outcome) -> list[Promise]:
    """Every promise."""
    return [
        nothing_lost(outcome),
        in_order(outcome),
        named(outcome),
        cleared(outcome),
        drones_heard(outcome),
        memory_flat(outcome),
        descriptors_flat(outcome),
        stopped(outcome),
        no_fault_of_its_own(outcome),
        well_at_rest(outcome),
    ]


def nothing_lost(outcome: Outcome) -> Promise:
    """Each event of the journal arrived, and no number is missing."""
    ledger, lost, holes = outcome.ledger, outcome.ledger.lost(), outcome.ledger.holes()
    arrived, twice = len(ledger.arrived), ledger.arrivals - len(ledger.arrived)
    words = f"{len(ledger.accepted)} accepted, {arrived} arrived (and {twice} duplicates), {len(lost)} lost, "
    words += f"{len(holes)} holes in their numbers"
    if lost or holes:
        words += f": {listed([str(entry.message['seq']) for entry in lost] or [str(seq) for seq in holes])}"
    return Promise("Nothing is lost", not lost and not holes and bool(ledger.accepted), words)


def in_order(outcome: Outcome) -> Promise:
    """Per pipeline."""
    late = outcome.ledger.out_of_order(outcome.connected_s)
    culprits = listed([f"{entry.message['pipeline']} {entry.message['seq']}" for entry in late])
    return Promise("Nothing is out of order", not late, f"{len(late)} came too late{': ' * bool(late)}{culprits}")


def named(outcome: Outcome) -> Promise:
    """Each fault in time."""
    late = [it for it in outcome.faults if it.named_after_s is None or it.named_after_s > NAMED_S]
    slowest = max((it.named_after_s or 0.0 for it in outcome.faults), default=0.0)
    words = f"{len(outcome.faults) - len(late)} of {len(outcome.faults)} in time; the slowest took {slowest:.1f} s"
    culprits = [f"{it.name} ({'never' if (s := it.named_after_s) is None else f'{s:.1f} s'})" for it in late]
    return Promise(
        f"Every fault is named within {NAMED_S:.0f} s", not late, words + ": " * bool(late) + listed(culprits)
    )


def cleared(outcome: Outcome) -> Promise:
    """Each fault."""
    left = [it.name for it in outcome.faults if it.cleared_s is None]
    slowest = max((it.cleared_after_s or 0.0 for it in outcome.faults), default=0.0)
    words = f"{len(outcome.faults) - len(left)} of {len(outcome.faults)} within {CLEARED_S:.0f} s of their end; "
    words += f"the slowest took {slowest:.1f} s{': ' * bool(left)}{listed(left)}"
    return Promise("Every fault is cleared after it", not left, words)


def drones_heard(outcome: Outcome) -> Promise:
    """Each one that flew over while the microphone and the program were well."""
    mark_passes(outcome)
    missed = [it for it in outcome.passes if not it.heard and not it.excuse]
    excused = sum(1 for it in outcome.passes if not it.heard and it.excuse)
    heard = sum(it.heard for it in outcome.passes)
    words = f"{heard} of {len(outcome.passes)} drones heard, {excused} excused, {len(missed)} missed"
    return Promise("Every drone is heard", not missed, words)


def mark_passes(outcome: Outcome) -> None:
    """Say of each pass whether it was heard, or why it need not have been."""
    starts_s = sorted(
        entry.at_s
        for entry in outcome.ledger.accepted.values()
        if entry.message["phase"] == "start" and entry.message["pipeline"] == "drones"
    )
    for it in outcome.passes:
        it.heard = any(it.began_s <= start_s <= it.ended_s + SETTLES_S for start_s in starts_s)
        deaf = (one for one in outcome.faults if one.deafens)
        it.excuse = next((one.name for one in deaf if _overlap(it, one, outcome.ended_s)), it.excuse)


def _overlap(it: Pass, fault: Injected, end_s: float) -> bool:
    return fault.at_s < it.ended_s and it.began_s < (fault.cleared_s or end_s) + SETTLES_S


def memory_trend(samples: Sequence[Sample]) -> tuple[Trend | None, float]:
    """Of the longest life, but for its beginning; and over how many seconds."""
    life = longest_life(list(samples))
    kept = life[round(WARM_UP * len(life)) :]
    lasted_s = kept[-1].at_s - kept[0].at_s if kept else 0.0
    return slope([it.at_s for it in kept], [it.rss_mb for it in kept]), lasted_s


def memory_flat(outcome: Outcome) -> Promise:
    """Judged after twenty minutes of one life."""
    trend, lasted_s = memory_trend(outcome.samples)
    name = f"Memory grows by {MOST_MB_AN_HOUR:.0f} MB an hour at most"
    if trend is None:
        return Promise(name, None, "too few samples")
    most = max(it.rss_mb + it.children_mb for it in outcome.samples)
    words = f"{trend} MB, over {lasted_s / 60:.1f} minutes of one life; {most:.0f} MB at most with its children"
    if lasted_s < JUDGED_S:
        return Promise(name, None, f"{words}; too short to judge")
    return Promise(name, trend.per_hour <= MOST_MB_AN_HOUR, words)


def descriptors_flat(outcome: Outcome) -> Promise:
    """While no fault is under way, at the beginning and at the end of the longest life."""
    calm = [it.fds for it in longest_life(list(outcome.samples)) if it.calm]
    grown = growth(calm)
    if grown is None:
        return Promise("File descriptors stay flat", None, "too few moments without a fault")
    words = f"{grown:+.0f} from the first third of its longest life to the last; {min(calm)} to {max(calm)} at rest"
    return Promise("File descriptors stay flat", grown <= MOST_NEW_FDS, words)


def stopped(outcome: Outcome) -> Promise:
    """Told to, it stops."""
    held = outcome.status == 0 and outcome.stop_took_s <= STOP_S
    words = f"exit status {outcome.status}, after {outcome.stop_took_s:.1f} s"
    return Promise(f"It stops cleanly within {STOP_S:.0f} s", held, words)


def no_fault_of_its_own(outcome: Outcome) -> Promise:
    """No traceback in its log, and it never ended by itself."""
    bugs = [str(it.said["message"]) for it in outcome.notices if it.kind == "log" and _is_bug(it.said)]
    return Promise("No fault of edged's own", not bugs, f"{len(bugs)} in its log{': ' * bool(bugs)}{listed(bugs)}")


def well_at_rest(outcome: Outcome) -> Promise:
    """Health while nothing is done to the box: shown, as a machine may have faults of its own."""
    busy = [(it.at_s, (it.cleared_s or outcome.ended_s) + CALM_S) for it in outcome.faults]
    told = [
        it.said
        for it in outcome.notices
        if it.kind == "health" and not any(began_s <= it.at_s <= over_s for began_s, over_s in busy)
    ]
    ok = sum(said["state"] == "ok" for said in told)
    reasons = list(dict.fromkeys(reason for said in told for reason in said["reasons"] or _unless_ok(said)))
    words = f"it said so {ok} of {len(told)} times{'; else: ' * bool(reasons)}{listed(reasons)}"
    return Promise("It is well while it is let alone", None, words)


def _unless_ok(said: Mapping[str, Any]) -> list[str]:
    return [] if said["state"] == "ok" else [str(said["state"])]


def _is_bug(said: Mapping[str, Any]) -> bool:
    return "traceback" in said or str(said["message"]).startswith(LAST_WORDS)


def listed(culprits: Sequence[str]) -> str:
    """The first few of them."""
    more = f" and {len(culprits) - MOST_NAMED} more" if len(culprits) > MOST_NAMED else ""
    return ", ".join(culprits[:MOST_NAMED]) + more
