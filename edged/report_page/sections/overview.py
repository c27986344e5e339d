"""Overview: the figures that a person asks for first."""

from collections.abc import Iterator

from edged.history.health_changes import BOX
from edged.report_page.facts import Facts
from edged.report_page.health_spans import well_share
from edged.report_page.lives import End, known_s, up_s
from edged.report_page.markup import Markup, element
from edged.report_page.sections.latency import total_ms
from edged.report_page.tally import quantile
from edged.report_page.words import counted, milliseconds, percent, span


def section(facts: Facts) -> Markup:
    """Figures with what they mean."""
    tiles = (
        element(
            "div",
            element("span", name, class_="name"),
            element("strong", figure),
            element("span", more, class_="more"),
            class_="tile",
        )
        for name, figure, more in _figures(facts)
    )
    return element("div", *tiles, class_="tiles")


def _figures(facts: Facts) -> Iterator[tuple[str, str, str]]:
    tally = facts.tally
    yield "events", f"{tally.total:,}", f"of {counted(len(tally.over_time), 'pipeline')}"
    yield _judged(facts)
    known = known_s(facts.lives, facts.period)
    cut = sum(life.end is End.CUT for life in facts.lives)
    starts = sum(life.started_s >= facts.period.since_s for life in facts.lives)
    ran = percent(up_s(facts.lives, facts.period) / known) if known > 0 else "–"
    yield "ran", ran, f"{counted(starts, 'start')}, {cut} cut short"
    if BOX in facts.spans:
        unwell_s = sum(one.until_s - one.from_s for one in facts.spans[BOX] if not one.is_well)
        yield "well, while it ran", percent(well_share(facts.spans[BOX])), f"unwell for {span(unwell_s)}"
    if values := total_ms(tally):
        more = f"half of them in {milliseconds(quantile(values, 0.5))}"
        yield "95 % of events told in", milliseconds(quantile(values, 0.95)), more


def _judged(facts: Facts) -> tuple[str, str, str]:
    correct = sum(scores.judged("correct") for scores in facts.tally.scores.values())
    judged = correct + sum(scores.judged("false_alarm") for scores in facts.tally.scores.values())
    figure = percent(correct / judged) if judged else "–"
    return "correct, of those judged", figure, f"{judged:,} judged by people" if judged else "nobody has judged any"
