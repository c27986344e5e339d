"""How one box is shown: a row, and lines below it as far as there is room."""

from collections.abc import Sequence

from rich.text import Text

from edged.messages.health import State
from edged.messages.wire import EventMessage
from edged.watching.box import MOST_SCORES, Box, Presence
from edged.watching.event_lines import circumstances
from edged.watching.rows import Column
from edged.watching.sparkline import sparkline
from edged.watching.words import UNKNOWN, count, duration, loudness, printable, score, temperature

PRESENCE_STYLES = {Presence.ONLINE: "green", Presence.SILENT: "bold yellow", Presence.OFFLINE: "bold red"}
HEALTH_STYLES = {State.OK: "green", State.STARTING: "cyan", State.DEGRADED: "yellow", State.FAILING: "bold red"}
MOST_REASONS = 3
MOST_ACTIVE = 3
MOST_PARTS = 12
"""Shown of one box."""
MOST_DETAIL = 2
"""Levels of detail: 0 is the row alone, 1 adds what needs attention, 2 what is well."""
_COLUMNS = (Column("STATE", 7), Column("FOR", 6), Column("HEALTH", 8), Column("SEEN", 6))


def box_columns(name_width: int, level: int) -> list[Column]:
    """The columns of a box's row; the row that stands alone says what is on now."""
    rest = (Column("WAITING", 7), Column("CPU", 6)) if level else (Column("NOW", 10),)
    return [Column("BOX", min(max(name_width, 4), 20)), *_COLUMNS, *rest]


def needs_attention(box: Box, presence: Presence) -> bool:
    """Whether somebody should look after it."""
    well = box.health is None or box.health.state in {State.OK, State.STARTING, State.OFF}
    return presence is not Presence.ONLINE or not well or box.gap is not None or box.unreadable > 0


def box_cells(box: Box, presence: Presence, now_s: float, level: int) -> list[Text]:
    """The row's cells."""
    since_s, health = box.since_s(presence), box.health
    dim = "" if presence is Presence.ONLINE else "dim"
    cells = [
        Text(printable(box.device), "bold"),
        Text(presence, PRESENCE_STYLES.get(presence, "dim")),
        Text(UNKNOWN if since_s is None else duration(now_s - since_s)),
        Text(health.state if health else UNKNOWN, dim or (HEALTH_STYLES.get(health.state, "dim") if health else "")),
        Text(UNKNOWN if box.health_s is None else duration(now_s - box.health_s)),
    ]
    if not level:
        return [*cells, _now([event for events in box.active.values() for event in events]) if not dim else Text()]
    if health is None:
        return [*cells, Text(UNKNOWN), Text(UNKNOWN)]
    waiting = Text(count(health.outbox_waiting), dim or ("yellow" if health.outbox_waiting else ""))
    return [*cells, waiting, Text(temperature(health.cpu_temperature_c), dim)]


def box_details(box: Box, presence: Presence, now_s: float, level: int) -> list[Text]:
    """The lines below the row. What an absent box said of the present is not shown: it may not be so any more."""
    there = presence is Presence.ONLINE
    lines = _reasons(box, presence, now_s) if level else []
    if there and level:
        busy = [name for name in _pipelines(box) if level == MOST_DETAIL or box.active.get(name)]
        lines += [_pipeline(name, box, now_s) for name in busy]
    if there and level == MOST_DETAIL and (parts := _parts(box)):
        lines.append(Text.assemble("  ", Text(", ").join(parts)))
    return lines


def _reasons(box: Box, presence: Presence, now_s: float) -> list[Text]:
    reasons = []
    if presence is Presence.SILENT and box.health_s is not None:
        reasons.append(f"says that it is online, but its health is {duration(now_s - box.health_s)} old")
    elif presence is Presence.ONLINE and box.health:
        reasons += box.health.reasons[:MOST_REASONS]
        more = len(box.health.reasons) - MOST_REASONS
        reasons += [f"and {count(more)} more"] if more > 0 else []
        if box.health.outbox_dropped:
            reasons.append(f"outbox: {count(box.health.outbox_dropped)} messages dropped")
    if box.gap:
        reasons.append(f"{count(box.gap.dropped)} event messages are lost for good")
    if box.unreadable:
        reasons.append(f"{count(box.unreadable)} unreadable, the last on {box.last_unreadable}")
    return [Text.assemble(("  ! ", "bold yellow"), printable(reason, 200)) for reason in reasons]


def _pipelines(box: Box) -> list[str]:
    """Those that it has; what the broker kept of one that it had once is left out, unless something is on there."""
    on = {name for name, events in box.active.items() if events}
    known = {*box.info.pipelines, *box.info.confirmations} if box.info else {*box.active, *box.scores}
    return sorted(known | on)


def _pipeline(name: str, box: Box, now_s: float) -> Text:
    bars = Text(f"{sparkline(box.scores.get(name, ())):>{MOST_SCORES}}", "cyan")
    events = box.active.get(name, ())
    off = box.info is not None and not box.info.pipelines_enabled.get(name, True)
    now = Text("switched off", "dim") if off and not events else _now(events)
    level = box.level(name, now_s)
    loud = f"  {loudness(level.a_weighted_db_spl, level.rms_dbfs)}" if level else ""
    return Text.assemble("  ", f"{printable(name, 12):<13}", bars, "  ", now, (loud, "dim"))


def _now(events: Sequence[EventMessage]) -> Text:
    if not events:
        return Text("nothing", "dim")
    shown = [_event(event) for event in events[:MOST_ACTIVE]]
    more = len(events) - MOST_ACTIVE
    return Text("; ").join(shown).append(f"; and {count(more)} more" if more > 0 else "")


def _event(event: EventMessage) -> Text:
    how = f" {said}" if (said := circumstances(event)) else ""
    figures = f" {score(event.confidence)}{how}, {duration(event.duration_s)}"
    return Text.assemble((printable(event.label, 40), "bold red"), figures)


def _parts(box: Box) -> list[Text]:
    """Sources with their type, and accelerators: in red what was there or should be."""
    known: dict[str, str] = {}
    if box.info:
        known |= {name: name if kind == name else f"{name} ({kind})" for name, kind in box.info.sources.items()}
        for one in box.info.accelerators:
            part = one.device.replace(":", "-")  # as it stands in topics
            known[part] = one.device if one.runtime is not None or part in box.availability else f"no {one.device}"
    known |= {part: part for part in box.availability if part not in known}
    return [_part(text, box.availability.get(part)) for part, text in list(known.items())[:MOST_PARTS]]


def _part(text: str, availability: str | None) -> Text:
    offline = availability == "offline"
    return Text(printable(text, 40) + " offline" * offline, "red" if offline else "dim")
