"""Last: the newest events, one a line."""

from edged.history.reader import Standing
from edged.report_page.facts import Facts
from edged.report_page.markup import Content, Markup, element, table, when
from edged.report_page.period import moment
from edged.report_page.sections import headed, nothing
from edged.report_page.tally import Listed
from edged.report_page.words import span
from edged.watching.words import score

HEADER = ("began", "pipeline", "label", "score", "lasted", "judged", "id")
LOOKS = {"correct": "right", "false_alarm": "wrong"}


def section(facts: Facts) -> Markup:
    """A table, the newest first."""
    last, total = facts.tally.last, facts.tally.total
    if not last:
        return headed("The last events", "", nothing("No event began in this time."))
    about = f"The newest {len(last)} of {total:,}; “edged events list” has the others." if total > len(last) else ""
    rows = [_row(listed, standing) for listed, standing in zip(last, facts.standings, strict=True)]
    return headed("The last events", about, table(HEADER, reversed(rows), "last"))


def _row(listed: Listed, standing: Standing) -> list[Content]:
    record = listed.record
    lasted = span(record.duration_s) if standing is Standing.ENDED else standing.value
    name = element("code", record.id)
    return [
        when(moment(record.started_s)),
        record.pipeline,
        element("b", record.label),
        score(record.confidence),
        lasted,
        _judged(listed),
        name,
    ]


def _judged(listed: Listed) -> Content:
    said = listed.feedback
    if said is None:
        return ""
    told = said.verdict.replace("_", " ") + (f": {said.label}" if said.label else "")
    return element("span", element("i", "", class_=f"key {LOOKS[said.verdict]}"), told, class_="state")
