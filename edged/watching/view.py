"""View: the whole picture, for a terminal of any size."""

import time
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from edged.sinks.mqtt.reader import Link
from edged.watching.box import Box, Presence
from edged.watching.box_lines import MOST_DETAIL, box_cells, box_columns, box_details, needs_attention
from edged.watching.boxes import MOST_BOXES, Boxes
from edged.watching.event_lines import event_columns, event_row
from edged.watching.rows import fitting, row, titles
from edged.watching.words import count, duration, printable

HEAD = 2
"""Lines above rows."""
LEAST_EVENTS = 6
"""Lines that are left for events, however many boxes there are."""


def view(boxes: Boxes, link: Link, now_s: float, width: int, height: int) -> Group:
    """At most ``height`` lines of ``width`` characters. While we hear nothing ourselves, no box is called silent."""
    heard_until_s = now_s if link.connected else link.since_s
    known = [(box, boxes.presence(box, heard_until_s)) for box in boxes]
    lines = [_header(link, now_s, width), *_summary(boxes, link, known, now_s)]
    lines += _boxes(known, now_s, width, height - len(lines) - LEAST_EVENTS)
    lines += _events(boxes, now_s, width, height - len(lines))
    for line in lines[:height]:
        line.truncate(width, overflow="ellipsis")
        line.no_wrap = True
    return Group(*lines[:height])


def _header(link: Link, now_s: float, width: int) -> Text:
    left = Text.assemble(("edged watch", "bold"), f"  {printable(link.broker, 60)}")
    right = Text.assemble(("q ends  ", "dim"), time.strftime("%H:%M:%S", time.localtime(now_s)))
    room = width - left.cell_len - right.cell_len
    return left.append(" " * room).append_text(right) if room > 1 else left


def _summary(boxes: Boxes, link: Link, known: Sequence[tuple[Box, Presence]], now_s: float) -> list[Text]:
    """How we hear, and how many boxes are how."""
    lines = []
    if not link.connected:
        said = f"not connected for {duration(now_s - link.since_s)}, trying again: {printable(link.problem, 200)}"
        lines.append(Text(said, "bold red"))
    if link.dropped or boxes.turned_away:
        said = f"more came than can be shown: {count(link.dropped)} messages dropped"
        more = f", {count(boxes.turned_away)} of boxes beyond {MOST_BOXES}" if boxes.turned_away else ""
        lines.append(Text(said + more, "yellow"))
    if not known:
        return [*lines, Text(printable(boxes.silence, 200), "dim")]
    numbers = {presence: sum(it is presence for _, it in known) for presence in Presence}
    said = ", ".join(f"{number} {presence}" for presence, number in numbers.items() if number)
    return [*lines, Text(f"{len(known)} box{'es' * (len(known) > 1)}: {said}")]


def _boxes(known: Sequence[tuple[Box, Presence]], now_s: float, width: int, room: int) -> list[Text]:
    """As much detail as there is room for; where there are too many boxes, those in need come first."""
    if not known or room <= HEAD:
        return []
    fit = len(known) + HEAD <= room
    for level in range(MOST_DETAIL, -1, -1) if fit else ():
        if len(lines := _rows(known, now_s, width, level)) <= room:
            return lines
    first = sorted(known, key=lambda one: (not needs_attention(*one), not any(one[0].active.values())))
    shown, rest = first[: room - HEAD - 1], first[room - HEAD - 1 :]
    unwell = sum(needs_attention(*one) for one in rest)
    more = f"and {len(rest)} more, {unwell or 'none'} of them in need of attention"
    return [*_rows(shown, now_s, width, 0), Text(more, "dim")]


def _rows(known: Sequence[tuple[Box, Presence]], now_s: float, width: int, level: int) -> list[Text]:
    columns = fitting(box_columns(_name_width(box.device for box, _ in known), level), width)
    lines = [Text(), titles(columns)]
    for box, presence in known:
        lines += [row(columns, box_cells(box, presence, now_s, level)), *box_details(box, presence, now_s, level)]
    return lines


def _events(boxes: Boxes, now_s: float, width: int, room: int) -> list[Text]:
    if room <= HEAD:
        return []
    seen = boxes.events[: room - HEAD]
    if not seen:
        return [Text(), Text("no events since this began", "dim")]
    columns = event_columns(_name_width(one.device for one in seen), width)
    return [Text(), titles(columns), *(event_row(columns, one, now_s) for one in seen)]


def _name_width(names: Iterable[str]) -> int:
    return max((cell_len(printable(name)) for name in names), default=0)
