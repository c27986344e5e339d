"""Latency: how long each step took."""

import math
from collections.abc import Iterable, Sequence

from edged.report_page.drawing import Box, drawing
from edged.report_page.facts import Facts
from edged.report_page.markup import Content, Markup, table
from edged.report_page.sections import headed, nothing
from edged.report_page.tally import MOST_LATENCIES, Step, Tally, quantile
from edged.report_page.words import milliseconds

TOTAL = "total"
MOST_ROWS = 60
HEADER = ("pipeline", "step", "median", "95 %", "longest", "median to 95 %, and longest")


def section(facts: Facts) -> Markup:
    """A table with a bar for each, all on one logarithmic scale."""
    steps = sorted(facts.tally.latencies_ms, key=lambda step: (step.pipeline, step.name == TOTAL, step.name))
    about = (
        "As each event's last message tells it; total is from the end of the sound or picture that decided it to the "
        f"message. Of each step the newest {MOST_LATENCIES:,}; the bars share one logarithmic scale."
    )
    if not steps:
        return headed("Latency", "", nothing("No event of this time tells how long it took."))
    shown = {step: facts.tally.latencies_ms[step] for step in steps[:MOST_ROWS]}
    low = _exponent(min(quantile(values, 0.5) for values in shown.values()))
    high = _exponent(max(map(max, shown.values()))) + 1
    rows = [_row(step, list(values), low, high) for step, values in shown.items()]
    more = [nothing(f"{len(steps) - MOST_ROWS} more steps are not listed.")] if len(steps) > MOST_ROWS else []
    return headed("Latency", about, table(HEADER, rows, "latency"), *more)


def total_ms(tally: Tally) -> list[float]:
    """Of all pipelines."""
    return [value for step, values in tally.latencies_ms.items() if step.name == TOTAL for value in values]


def _row(step: Step, values: Sequence[float], low: int, high: int) -> Iterable[Content]:
    figures = quantile(values, 0.5), quantile(values, 0.95), max(values)
    at = [_share(value, low, high) for value in figures]
    told = f"{step.name} of {step.pipeline}"
    boxes = [Box(0, 1, 0.44, 0.56, "rail"), Box(at[0], at[1], 0.15, 0.85, "bar"), Box(at[2], at[2], 0, 1, "mark")]
    return [step.pipeline, step.name, *map(milliseconds, figures), drawing(boxes, "range", told)]


def _exponent(value: float) -> int:
    return math.floor(math.log10(max(value, 1e-2)))


def _share(value: float, low: int, high: int) -> float:
    return min(max((math.log10(max(value, 1e-2)) - low) / (high - low), 0.0), 1.0)
