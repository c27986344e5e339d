"""Uptime: when edged ran, and when it did not."""

from collections.abc import Iterator

from edged.report_page.drawing import Box, drawing, legend, row, time_axis
from edged.report_page.facts import Facts
from edged.report_page.lives import End, Gap, known_s, up_s
from edged.report_page.markup import Content, Markup, table, when
from edged.report_page.period import moment
from edged.report_page.sections import headed, nothing
from edged.report_page.words import counted, percent, span

MOST_GAPS = 30
"""Listed, the longest."""
LOOKS = (("up", "ran"), ("stopped", "stopped"), ("cut", "cut short"))
HEADER = ("from", "until", "for", "edged was", "after it")


def section(facts: Facts) -> Markup:
    """A strip, and a table of the gaps."""
    about = "Cut short: killed, or the power went; that is known to within a minute."
    if not facts.lives:
        return headed("Uptime and gaps", "", nothing("Edged did not run in this time, as far as the history knows."))
    known = known_s(facts.lives, facts.period)
    ran = percent(up_s(facts.lives, facts.period) / known) if known > 0 else "–"
    versions = ", ".join(dict.fromkeys(life.version for life in facts.lives))
    strip = row(f"edged {versions}", ran, drawing(_boxes(facts), "strip", "when edged ran"))
    return headed("Uptime and gaps", about, legend(LOOKS), strip, time_axis(facts.period), *_gaps(facts))


def _boxes(facts: Facts) -> Iterator[Box]:
    share = facts.period.share
    for life in facts.lives:
        title = f"ran from {moment(life.started_s)} for {span(life.ended_s - life.started_s)}, edged {life.version}"
        yield Box(share(life.started_s), share(life.ended_s), 0, 1, "up", title)
    for gap in facts.gaps:
        title = f"did not run from {moment(gap.from_s)} for {span(gap.until_s - gap.from_s)}: {gap.end}"
        yield Box(share(gap.from_s), share(gap.until_s), 0, 1, "cut" if gap.end is End.CUT else "stopped", title)


def _gaps(facts: Facts) -> Iterator[Markup]:
    if not facts.gaps:
        yield nothing("No gap: it ran all the time.")
        return
    longest = sorted(facts.gaps, key=lambda gap: gap.from_s - gap.until_s)[:MOST_GAPS]
    yield table(HEADER, [_row(gap) for gap in sorted(longest, reverse=True)])
    if len(facts.gaps) > MOST_GAPS:
        yield nothing(f"The longest {MOST_GAPS} of {counted(len(facts.gaps), 'gap')}.")


def _row(gap: Gap) -> list[Content]:
    after = "machine restarted" if gap.rebooted else "same boot" if gap.over else "not running"
    until = when(moment(gap.until_s)) if gap.over else "–"
    return [when(moment(gap.from_s)), until, span(gap.until_s - gap.from_s), gap.end.value, after]
