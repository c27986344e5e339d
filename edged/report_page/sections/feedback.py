"""Feedback: what pipelines told against what people say it was."""

from collections import Counter

from edged.report_page.facts import Facts
from edged.report_page.markup import Content, Markup, element, table
from edged.report_page.sections import headed, nothing
from edged.report_page.sections.scores import by_number
from edged.report_page.tally import Kind, Scores, Tally
from edged.report_page.words import NBSP, counted, percent

TITLE = "Told, and what it was"
MOST_ROWS = 30
MOST_REAL = 8
"""Columns of what false alarms were; the others are told together."""
OTHER, UNSAID = "others", "not said"


def section(facts: Facts) -> Markup:
    """A table: a row for each label that was told, columns for what it was."""
    tally = facts.tally
    kinds = [kind for kind in by_number(tally.scores) if _judged(tally.scores[kind])]
    notes = _notes(tally, len(kinds) - MOST_ROWS)
    if not kinds:
        return headed(TITLE, "", nothing("Nobody has judged an event of this time."), *notes)
    about = (
        "Rows: what was told. Green: people say so too; red: what they say it was. They judge what they choose to, so "
        "this is no measure of all events."
    )
    kinds = kinds[:MOST_ROWS]
    columns, others, unsaid = _columns([tally.scores[kind] for kind in kinds])
    header = ["told", "judged", "correct", "", *columns, *others, *unsaid]
    rows = [_row(kind, tally.scores[kind], columns, others, unsaid) for kind in kinds]
    return headed(TITLE, about, table(header, rows, "confusion"), *notes)


def _judged(scores: Scores) -> int:
    return scores.judged("correct") + scores.judged("false_alarm")


def _columns(shown: list[Scores]) -> tuple[list[str], list[str], list[str]]:
    """What false alarms were, the most first; then one for all others and one for what nobody said, where needed."""
    really: Counter[str] = sum((scores.really for scores in shown), Counter())
    unsaid = [UNSAID] if really.pop("", 0) else []
    ordered = [label for label, _ in really.most_common()]
    return ordered[:MOST_REAL], [OTHER] if len(ordered) > MOST_REAL else [], unsaid


def _row(kind: Kind, scores: Scores, columns: list[str], others: list[str], unsaid: list[str]) -> list[Content]:
    correct, judged = scores.judged("correct"), _judged(scores)
    wrong = [scores.really[label] for label in columns]
    rest = [sum(scores.really.values()) - sum(wrong) - scores.really[""] for _ in others]
    unknown = [scores.really[""] for _ in unsaid]
    return [
        element("span", kind.pipeline, " · ", element("b", kind.label)),
        f"{judged:,}{NBSP}of{NBSP}{scores.total:,}",
        _cell(correct, judged, "right"),
        percent(correct / judged),
        *(_cell(count, judged, "wrong") for count in (*wrong, *rest, *unknown)),
    ]


def _cell(count: int, judged: int, look: str) -> Content:
    if not count:
        return element("span", "·", class_="zero")
    return element("span", f"{count:,}", class_=f"count {look}", style=f"--strength:{20 + 60 * count / judged:.0f}%")


def _notes(tally: Tally, more: int) -> list[Markup]:
    notes = []
    if more > 0:
        notes.append(nothing(f"{counted(more, 'more label')} with feedback not listed."))
    if tally.unreadable:
        notes.append(nothing(f"Feedback on {counted(tally.unreadable, 'event')} cannot be read: {tally.why}"))
    return notes
