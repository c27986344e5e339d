"""Health: how the box and each of its parts was, by its own word."""

from collections.abc import Sequence
from itertools import chain

from edged.history.health_changes import BOX
from edged.messages.health import State
from edged.report_page.drawing import Box, drawing, legend, row, time_axis
from edged.report_page.facts import Facts
from edged.report_page.health_spans import Span, coarse, well_share
from edged.report_page.markup import Content, Markup, element, table, when
from edged.report_page.period import Period, moment
from edged.report_page.sections import headed, nothing
from edged.report_page.words import counted, percent, span

MOST_PARTS = 40
"""Drawn: the box, then those that were unwell the longest."""
MOST_LISTED = 25
"""Times in which a part was not well, the longest."""
STATES = frozenset(State)
LOOKS = [(f"state-{state.value}", state.value) for state in State]
HEADER = ("from", "for", "part", "what")


def section(facts: Facts) -> Markup:
    """A bar for each part, and what was not well in words."""
    about = (
        "By the box's own word, with the share of the time that each part was well. Blank: edged did not run. Point "
        "at a bar to read why."
    )
    if not facts.spans:
        return headed("Health", "", nothing("The history knows nothing of it in this time."))
    parts = _chosen(facts)
    rows = [_bar(part, facts.spans[part], facts.period) for part in parts]
    left = len(facts.spans) - len(parts)
    more = [nothing(f"{counted(left, 'more part')}, well for longer than these, not drawn.")] if left else []
    return headed("Health", about, legend(LOOKS), *rows, time_axis(facts.period), *more, *_unwell(facts))


def _chosen(facts: Facts) -> list[str]:
    parts = sorted(facts.spans, key=lambda part: (part != BOX, well_share(facts.spans[part]), part))
    return [part for part in facts.spans if part in set(parts[:MOST_PARTS])]


def _bar(part: str, spans: Sequence[Span], period: Period) -> Markup:
    worst_last = sorted(coarse(spans, period), key=lambda one: one.severity)
    boxes = [
        Box(period.share(one.from_s), period.share(one.until_s), 0, 1, _look(one.state), _title(one))
        for one in worst_last
    ]
    name = "the box" if part == BOX else part
    figure = State.OFF.value if all(one.state == State.OFF for one in spans) else percent(well_share(spans))
    return row(name, figure, drawing(boxes, "thin", f"health of {name} over time"))


def _title(one: Span) -> str:
    told = f"{one.state} from {moment(one.from_s)} for {span(one.until_s - one.from_s)}"
    return f"{told}: {one.reason}" if one.reason else told


def _look(state: str) -> str:
    return f"state-{state}" if state in STATES else "state-other"


def _unwell(facts: Facts) -> list[Markup]:
    """What was not well; the box itself only says again what its parts do."""
    spans = chain.from_iterable(spans for part, spans in facts.spans.items() if part != BOX)
    unwell = sorted((one for one in spans if not one.is_well), key=lambda one: one.from_s - one.until_s)
    if not unwell:
        return [nothing("Every part was well all the time.")]
    listed = sorted(unwell[:MOST_LISTED], key=lambda one: one.from_s, reverse=True)
    head = "What was not well" if len(unwell) <= MOST_LISTED else f"What was not well: the longest {MOST_LISTED}"
    rows = [_row(one) for one in listed]
    rest = [nothing(f"{len(unwell) - MOST_LISTED} shorter ones are not listed.")] if len(unwell) > MOST_LISTED else []
    return [element("h3", head), table(HEADER, rows), *rest]


def _row(one: Span) -> list[Content]:
    told = f"{one.state}: {one.reason}" if one.reason else one.state
    what = element("span", element("i", "", class_=f"key {_look(one.state)}"), told, class_="long")
    return [when(moment(one.from_s)), span(one.until_s - one.from_s), one.part, what]
