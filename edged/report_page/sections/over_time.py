"""Over time: how many events each pipeline told, through the period and through the day."""

from collections import Counter
from collections.abc import Iterator

from edged.report_page.drawing import Box, axis, drawing, row, time_axis
from edged.report_page.facts import Facts
from edged.report_page.markup import Markup, element
from edged.report_page.period import DAY_S, Period, moment
from edged.report_page.sections import headed, nothing
from edged.report_page.words import counted, span

MOST_ROWS = 12
"""Pipelines, those with the most events; the others are told together."""
OTHER_PIPELINES = "other pipelines"
HOURS = [(hour / 24, f"{hour:02d}:00") for hour in range(0, 24, 3)]


def section(facts: Facts) -> Markup:
    """Two panels."""
    if not facts.tally.total:
        return headed("Events over time", "", nothing("No event began in this time."))
    bin_s = facts.period.bin_s
    about = f"By pipeline, each with a scale of its own. One bar is {span(bin_s)}; grey: edged did not run."
    by_time = [_row(facts, name, counts) for name, counts in most(facts.tally.over_time)]
    panels = [*by_time, time_axis(facts.period)]
    if facts.period.length_s > DAY_S:
        by_hour = [_hours(name, counts) for name, counts in most(facts.tally.by_hour)]
        panels += [element("h3", "By hour of the day"), *by_hour, axis(HOURS)]
    return headed("Events over time", about, *panels)


def most(counts: dict[str, Counter[int]]) -> list[tuple[str, Counter[int]]]:
    """By name those that have the most, then all others as one."""
    ordered = sorted(counts, key=lambda name: (-counts[name].total(), name))
    shown, others = sorted(ordered[:MOST_ROWS]), ordered[MOST_ROWS:]
    rows = [(name, counts[name]) for name in shown]
    return [*rows, (OTHER_PIPELINES, sum((counts[name] for name in others), Counter()))] if others else rows


def _row(facts: Facts, name: str, counts: Counter[int]) -> Markup:
    peak = max(counts.values())
    gaps = [Box(facts.period.share(gap.from_s), facts.period.share(gap.until_s), 0, 1, "gap") for gap in facts.gaps]
    picture = drawing([*gaps, *_bars(facts.period, counts, peak)], "bars", f"events of {name} over time")
    return row(name, f"{counted(counts.total(), 'event')}, at most {peak:,} in {span(facts.period.bin_s)}", picture)


def _bars(period: Period, counts: Counter[int], peak: int) -> Iterator[Box]:
    for number, count in sorted(counts.items()):
        from_s = period.first_bin_s + number * period.bin_s
        title = f"{moment(from_s)[:16]}, {span(period.bin_s)}: {counted(count, 'event')}"
        left, right = period.share(from_s), period.share(from_s + period.bin_s)
        yield Box(left, right - 0.12 * (right - left), 0, max(count / peak, 0.02), "bar", title)


def _hours(name: str, counts: Counter[int]) -> Markup:
    peak, (busiest, _) = max(counts.values()), counts.most_common(1)[0]
    boxes = [
        Box(
            hour / 24,
            (hour + 0.94) / 24,
            0,
            1,
            "bar" if counts[hour] else "none",
            f"{hour:02d}:00 to {hour + 1:02d}:00: {counted(counts[hour], 'event')}",
            0.15 + 0.85 * counts[hour] / peak,
        )
        for hour in range(24)
    ]
    figure = f"most from {busiest:02d}:00 to {busiest + 1:02d}:00"
    return row(name, figure, drawing(boxes, "strip", f"events of {name} by hour of the day"))
