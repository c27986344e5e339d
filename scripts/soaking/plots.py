"""Plots: what happened over time, one below the other on one axis of minutes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from itertools import groupby
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from soaking.faults import Injected
from soaking.promises import WARM_UP, Outcome, memory_trend
from soaking.samples import longest_life

COLOURS = {"ok": "#b9e2c3", "starting": "#cfe0f5", "degraded": "#ffd27a", "failing": "#e8685c", "off": "#e4e7eb"}
FAULT, LATE, INK = "#5c4b8a", "#c0392b", "#1f6fb2"
QUIET_PARTS = ("commands", "clips")
"""Parts that no fault of the catalogue befalls; they are not shown."""


def draw(outcome: Outcome) -> str:
    """All of it, as SVG."""
    mpl.rcParams["svg.hashsalt"] = "soak"
    parts = _parts(outcome)
    groups = list(dict.fromkeys(fault.group for fault in outcome.faults))
    rows = 1.2 + 0.24 * (len(parts) + len(groups))
    figure = Figure(figsize=(11.0, rows + 8.4), layout="constrained")
    health, memory, fds, latency, heard = figure.subplots(
        5, 1, sharex=True, gridspec_kw={"height_ratios": [rows, 2.2, 1.6, 2.2, 0.9]}
    )
    _draw_health(health, outcome, groups, parts)
    _draw_memory(memory, outcome)
    _draw_descriptors(fds, outcome)
    _draw_latency(latency, outcome)
    _draw_drones(heard, outcome)
    heard.set_xlim(0.0, _minutes(outcome, outcome.ended_s))
    heard.set_xlabel("minutes")
    with StringIO() as file:
        figure.savefig(file, format="svg", metadata={"Date": None})
        text = file.getvalue()
    return text[text.index("<svg") :]


def _minutes(outcome: Outcome, at_s: float) -> float:
    return (at_s - outcome.began_s) / 60.0


def _parts(outcome: Outcome) -> list[str]:
    """Those that health tells of."""
    last: dict[str, Any] = {}
    for notice in outcome.notices:
        if notice.kind == "health":
            last |= notice.said["parts"]
    return [name for name in sorted(last) if name not in QUIET_PARTS]


def _draw_health(axes: Axes, outcome: Outcome, groups: list[str], parts: list[str]) -> None:
    """Below: the box and its parts by its own word. Above: what was done to it."""
    told = [notice for notice in outcome.notices if notice.kind == "health"]
    names = [*(f"done to: {group}" for group in groups), "the box", *parts]
    for row, name in enumerate(names):
        if row < len(groups):
            spans = [_span(outcome, fault) for fault in outcome.faults if fault.group == groups[row]]
            axes.broken_barh(spans, (row - 0.4, 0.8), facecolors=FAULT)
            continue
        states = _changes((it.at_s, _state(it.said, name)) for it in told)
        ends_s = [*(at_s for at_s, _ in states[1:]), outcome.ended_s]
        spans = [
            (_minutes(outcome, at_s), (to_s - at_s) / 60.0) for (at_s, _), to_s in zip(states, ends_s, strict=True)
        ]
        colours = [COLOURS.get(state, "white") for _, state in states]
        axes.broken_barh(
            spans, (row - 0.4, 0.8), facecolors=colours
        )  # one call: each has matplotlib look at all others
    axes.axhline(len(groups) - 0.5, color="#888", linewidth=0.8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_title("What was done to the box, and what it said of itself", loc="left", fontsize=11)
    legend = [Patch(color=colour, label=state) for state, colour in COLOURS.items()]
    axes.legend(handles=legend, ncols=5, fontsize=7, loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _changes(told: Iterable[tuple[float, str]]) -> list[tuple[float, str]]:
    """Of what was told, with its time, what was not told just before."""
    return [next(same) for _, same in groupby(told, key=lambda it: it[1])]


def _span(outcome: Outcome, fault: Injected) -> tuple[float, float]:
    """At least so wide that it can be seen."""
    return _minutes(outcome, fault.at_s), max((fault.ended_s - fault.at_s) / 60.0, 0.02)


def _state(health: Any, name: str) -> str:
    part = health if name == "the box" else health["parts"].get(name, {})
    return str(part.get("state", ""))


def _draw_memory(axes: Axes, outcome: Outcome) -> None:
    at = [_minutes(outcome, it.at_s) for it in outcome.samples]
    axes.plot(at, [it.rss_mb for it in outcome.samples], ".", color=INK, markersize=2, label="edged run")
    if any(it.children_mb for it in outcome.samples):
        children = [it.children_mb for it in outcome.samples]
        axes.plot(at, children, ".", color="#999", markersize=2, label="host of the accelerator")
    trend, _ = memory_trend(outcome.samples)
    life = longest_life(list(outcome.samples))
    kept = life[round(WARM_UP * len(life)) :]
    if trend and kept:
        middle_s, mean_mb = (kept[0].at_s + kept[-1].at_s) / 2, sum(it.rss_mb for it in kept) / len(kept)
        ends = [kept[0].at_s, kept[-1].at_s]
        line = [mean_mb + trend.per_hour * (at_s - middle_s) / 3600.0 for at_s in ends]
        axes.plot([_minutes(outcome, at_s) for at_s in ends], line, color=LATE, linewidth=1.2, label=f"{trend} MB")
    axes.set_ylim(bottom=0.0)
    _finish(axes, "Memory", "MB")


def _draw_descriptors(axes: Axes, outcome: Outcome) -> None:
    for calm, colour, label in ((False, "#bbb", "during a fault"), (True, INK, "at rest")):
        there = [it for it in outcome.samples if it.calm is calm]
        at = [_minutes(outcome, it.at_s) for it in there]
        axes.plot(at, [it.fds for it in there], ".", color=colour, markersize=2.5, label=label)
    axes.set_ylim(0.0, 1.15 * max((it.fds for it in outcome.samples), default=1))
    _finish(axes, "File descriptors", "open")


def _draw_latency(axes: Axes, outcome: Outcome) -> None:
    """From the moment that an event speaks of to its arrival."""
    for delayed, colour, label in ((False, INK, "live"), (True, LATE, "had waited for the broker")):
        there = [it for it in outcome.ledger.arrived.values() if it.message.get("delayed", False) is delayed]
        at = [_minutes(outcome, it.at_s) for it in there]
        late = [max(it.at_s - datetime.fromisoformat(it.message["observed_at"]).timestamp(), 1e-3) for it in there]
        axes.plot(at, late, ".", color=colour, markersize=3, label=label)
    axes.set_yscale("log")
    _finish(axes, "Latency of events, from what they speak of to the subscriber", "s")


def _draw_drones(axes: Axes, outcome: Outcome) -> None:
    kinds = (
        ("heard", INK, [it for it in outcome.passes if it.heard]),
        ("excused", "#bbb", [it for it in outcome.passes if not it.heard and it.excuse]),
        ("missed", LATE, [it for it in outcome.passes if not it.heard and not it.excuse]),
    )
    for label, colour, passes in kinds:
        spans = [(_minutes(outcome, it.began_s), (it.ended_s - it.began_s) / 60.0) for it in passes]
        axes.broken_barh(spans, (0.0, 1.0), facecolors=colour, label=label)
    axes.set_yticks([])
    _finish(axes, "Drones that flew over", "")


def _finish(axes: Axes, title: str, unit: str) -> None:
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_ylabel(unit)
    axes.grid(visible=True, alpha=0.25)
    handles: Sequence[Any] = axes.get_legend_handles_labels()[0]
    if handles:
        axes.legend(fontsize=7, ncols=len(handles), loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False)
