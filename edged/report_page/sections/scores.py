"""Scores: how sure each pipeline was of each label, and what people said of it."""

from collections.abc import Iterator

from edged.report_page.drawing import Box, axis, drawing, legend, row
from edged.report_page.facts import Facts
from edged.report_page.markup import Markup, element
from edged.report_page.sections import headed, nothing
from edged.report_page.tally import SCORE_BINS, Kind, Scores
from edged.report_page.words import counted
from edged.sinks.clips.clip import Verdict

MOST_CARDS = 24
"""Labels that are drawn, those with the most events."""
LOOKS: tuple[tuple[Verdict | None, str, str], ...] = (
    ("correct", "right", "correct"),
    ("false_alarm", "wrong", "false alarm"),
    (None, "bar", "not judged"),
)
AXIS = [(0.0, "0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1.0, "1")]


def section(facts: Facts) -> Markup:
    """A histogram for each."""
    scores = facts.tally.scores
    if not scores:
        return headed("Scores", "", nothing("No event began in this time."))
    kinds = by_number(scores)
    cards = [_card(kind, scores[kind]) for kind in kinds[:MOST_CARDS]]
    about = "Each event's highest score, from 0 to 1, by pipeline and label; each with a scale of its own."
    rest = sum(scores[kind].total for kind in kinds[MOST_CARDS:])
    more = [nothing(f"{len(kinds) - MOST_CARDS} more labels, with {rest:,} events, are not drawn.")] if rest else []
    looks = [(look, word) for _, look, word in LOOKS]
    return headed("Scores", about, legend(looks), element("div", *cards, class_="cards"), *more)


def by_number(scores: dict[Kind, Scores]) -> list[Kind]:
    """Those with the most events first."""
    return sorted(scores, key=lambda kind: (-scores[kind].total, kind))


def _card(kind: Kind, scores: Scores) -> Markup:
    told = f"scores of {kind.label} by {kind.pipeline}"
    name = element("span", kind.pipeline, " · ", element("b", kind.label))
    picture = drawing(_bars(scores), "bars", told)
    return element("div", row(name, counted(scores.total, "event"), picture), axis(AXIS), class_="card")


def _bars(scores: Scores) -> Iterator[Box]:
    heights = [sum(counts[number] for counts in scores.bins.values()) for number in range(SCORE_BINS)]
    for number in range(SCORE_BINS):
        bottom = 0.0
        for verdict, look, word in LOOKS:
            if verdict in scores.bins and (count := scores.bins[verdict][number]):
                top = bottom + count / max(heights)
                low, high = number / SCORE_BINS, (number + 1) / SCORE_BINS
                title = f"{low:.2f} to {high:.2f}: {counted(count, 'event')}, {word}"
                yield Box(low + 0.002, high - 0.004, bottom, top, look, title)
                bottom = top
