"""How events are shown: the latest word on each, the newest first."""

from collections.abc import Sequence

from rich.text import Text

from edged.messages.event import Phase
from edged.messages.wire import EventMessage
from edged.watching.boxes import Seen
from edged.watching.rows import GAP, Column, fitting, row
from edged.watching.words import among, clock_time, duration, printable, score, unix_s

PHASE_STYLES = {Phase.START: "bold red", Phase.UPDATE: "red", Phase.END: "green"}
PIPELINE, LASTED, LABEL = Column("PIPELINE", 10), Column("LASTED", 8), Column("LABEL", 12)
_NOTES = {"unsynchronised": "clock not set", "corrected": "clock corrected"}


def event_columns(name_width: int, width: int) -> list[Column]:
    """The columns of an event's row: on a narrow terminal, not all."""
    box = Column("BOX", min(max(name_width, 4), 20))
    first, more = [Column("TIME", 11), box], [Column("PHASE", 6), Column("SCORE", 5)]
    for optional in ([PIPELINE, LASTED], [PIPELINE], []):
        columns = [*first, *optional[:1], *more, *optional[1:], LABEL]
        if sum(column.width + len(GAP) for column in columns) <= width:
            break
    return fitting(columns, width)


def event_row(columns: Sequence[Column], seen: Seen, now_s: float) -> Text:
    """The line; history is dim, and says so."""
    message = seen.message
    plain, bold = ("dim", "dim") if message.delayed else ("", "bold")
    note = "".join(f"  {said}" for said in (circumstances(message), notes(message)) if said)
    cells = {
        "TIME": Text(clock_time(unix_s(message.observed_at), now_s), plain),
        "BOX": Text(printable(seen.device), plain),
        PIPELINE.title: Text(printable(message.pipeline), plain),
        "PHASE": Text(message.phase, plain or PHASE_STYLES[message.phase]),
        "SCORE": Text(score(message.confidence), plain),
        LASTED.title: Text(duration(message.duration_s), plain),
        LABEL.title: Text.assemble((printable(message.label, 40), bold), (note, "dim")),
    }
    return row(columns, [cells[column.title] for column in columns])


def circumstances(message: EventMessage) -> str:
    """In which zones it is, or by whom it is confirmed; nothing where there are none."""
    if message.witnesses:
        return f"by {among(f'{one.pipeline} {one.label}' for one in message.witnesses)}"
    return f"in {among(message.zones)}" if message.zones else ""


def notes(message: EventMessage) -> str:
    """What is to be known about its times."""
    said = ["history"] if message.delayed else []
    return ", ".join([*said, *filter(None, [_NOTES.get(message.clock)])])
