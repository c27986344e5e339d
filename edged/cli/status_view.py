"""What `edged status` shows: one screen, the worst first. The answer may come from another version of edged."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from edged.watching.words import duration, printable, temperature

STYLES = {"ok": "green", "starting": "cyan", "degraded": "yellow", "failing": "bold red", "off": "dim"}
MOST_REASONS = 6
MOST_COUNTERS = 5
MOST_WARNINGS = 5
MOST_PARTS = 40
"""Shown of each."""
GROUPS = ("pipelines", "sources", "models", "accelerators")
"""Shown first, in this order; then what has no others beside it."""
_CLOCK = {"True": "is synchronised", "False": "is not synchronised"}

Answer = Mapping[str, Any]
Rates = Mapping[str, float]


def show(now: Answer, before: Answer) -> None:
    """Print the answer ``now``; ``before`` is one of a moment ago. A terminal cuts what is long, but for reasons."""
    console = Console(highlight=False, file=sys.stdout)
    for line in screen(now, rates(now, before)):
        if console.is_terminal:
            console.print(line, no_wrap=line.overflow != "fold", overflow=line.overflow or "ellipsis")
        else:
            sys.stdout.write(f"{line.plain}\n")


def rates(now: Answer, before: Answer) -> dict[str, float]:
    """By part: items a second, between two answers of one process."""
    span_s = _health(now).get("uptime_s", 0) - _health(before).get("uptime_s", 0)
    if span_s <= 0 or now.get("pid") != before.get("pid"):
        return {}
    items, earlier = _items(now), _items(before)
    return {part: (number - earlier[part]) / span_s for part, number in items.items() if part in earlier}


def screen(now: Answer, rates: Rates) -> Iterator[Text]:
    """The lines."""
    health, info = _health(now), _dict(now.get("info"))
    state = str(health.get("state", "?"))
    head = f", up {duration(health.get('uptime_s', 0))}, edged {info.get('version', '?')}, pid {now.get('pid', '?')}"
    yield Text.assemble((printable(str(info.get("device", "?"))), "bold"), " is ", _state(state), printable(head))
    reasons = [str(reason) for reason in health.get("reasons", [])]
    yield from map(_reason, reasons[:MOST_REASONS])
    if len(reasons) > MOST_REASONS:
        yield Text(f"    and {len(reasons) - MOST_REASONS} more")
    yield from _parts(health, info, rates)
    yield from _titled("on now", map(_event, now.get("events", [])))
    yield from _machine(now, health)
    warnings = [printable(str(line), 300) for line in now.get("warnings", [])]
    yield from _titled("last warnings", (Text(f"  {line}") for line in warnings[-MOST_WARNINGS:]))


def _reason(reason: str) -> Text:
    """Whole, over several lines if need be: its end says what to do."""
    return Text.assemble(("  ! ", "bold yellow"), printable(reason, 200), overflow="fold")


def _parts(health: Answer, info: Answer, rates: Rates) -> Iterator[Text]:
    parts = dict(list(_dict(health.get("parts")).items())[:MOST_PARTS])
    off = {f"pipelines.{name}" for name, runs in _dict(info.get("pipelines_enabled")).items() if not runs}
    parts |= {name: {"state": "off"} for name in off if name not in parts}
    notes = {f"sources.{name}": str(kind) for name, kind in _dict(info.get("sources")).items()}
    notes |= {f"models.{one['name']}": f"on {one['device']}" for one in info.get("models", []) if "name" in one}
    for group in (*GROUPS, ""):
        inside = [name for name in parts if _group(name) == group]
        lines = (_part(name, group, _dict(parts[name]), notes.get(name, ""), rates.get(name)) for name in inside)
        yield from _titled(group or "box", lines)


def _part(name: str, group: str, part: Answer, note: str, rate: float | None) -> Text:
    state = str(part.get("state", "?"))
    shown = [note] if note else []
    if state in {"ok", "off"} and isinstance(reasons := part.get("reasons"), list):  # those of the others are above
        shown += map(str, reasons)
    if rate is not None:
        shown.append(f"{rate:.1f} items/s")
    counters = [f"{what.replace('_', ' ')} {_figure(value)}" for what, value in _dict(part.get("counters")).items()]
    shown += [*counters[:MOST_COUNTERS], *(["…"] if len(counters) > MOST_COUNTERS else [])]
    inner = printable(name.removeprefix(f"{group}."), 24)
    coloured = _state(state)
    coloured.pad_right(9 - len(coloured))
    line = Text.assemble(f"  {inner:<20}  ", coloured, printable(", ".join(shown), 200))
    line.rstrip()
    return line


def _event(event: Any) -> Text:
    said = _dict(event)
    lasting = duration(float(said.get("duration_s", 0)))
    how = "by" if said.get("witnesses") else "heard or seen by"  # `confirmed` by a rule
    figures = f" {said.get('confidence', 0):.2f}, for {lasting}, {how} {said.get('pipeline', '?')}"
    return Text.assemble("  ", (printable(str(said.get("label", "?"))), "bold red"), printable(figures))


def _machine(now: Answer, health: Answer) -> Iterator[Text]:
    waiting, dropped = health.get("outbox_waiting", "?"), health.get("outbox_dropped", "?")
    clock = _CLOCK.get(str(health.get("clock_synchronised")), "may be right")
    yield Text(f"{waiting} messages wait for the broker, {dropped} were dropped; the clock {clock}")
    yield Text(
        f"{now.get('resident_bytes', 0) / 1e6:.0f} MB of memory, {now.get('open_files', '?')} files open; "
        f"CPU {temperature(health.get('cpu_temperature_c'))}, {health.get('disk_free_bytes', 0) / 1e9:.1f} GB free"
    )


def _titled(title: str, lines: Iterable[Text]) -> Iterator[Text]:
    """Nothing where there are no lines."""
    for place, line in enumerate(lines):
        if not place:
            yield Text(title, "bold dim")
        yield line


def _items(answer: Answer) -> dict[str, float]:
    parts = _dict(_health(answer).get("parts"))
    counters = {name: _dict(_dict(part).get("counters")) for name, part in parts.items()}
    return {name: counted["items"] for name, counted in counters.items() if "items" in counted}


def _group(name: str) -> str:
    group = name.partition(".")[0]
    return group if group in GROUPS else ""


def _state(state: str) -> Text:
    return Text(printable(state, 12), STYLES.get(state, ""))


def _figure(value: Any) -> str:
    if not isinstance(value, int | float):
        return "?"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"


def _health(answer: Answer) -> Answer:
    return _dict(answer.get("health"))


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
