"""Page: the sections of the facts, with their style, in one file that loads nothing and runs nothing."""

from pathlib import Path

from edged import __version__
from edged.report_page.facts import Facts
from edged.report_page.markup import Content, Markup, element, joined
from edged.report_page.period import moment
from edged.report_page.sections import feedback, health, last, latency, nothing, over_time, overview, scores, uptime
from edged.report_page.words import counted, span

SECTIONS = (overview, over_time, scores, feedback, latency, uptime, health, last)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Should a mark-up ever slip through, the browser still loads and runs nothing."""


def page(facts: Facts) -> str:
    """The whole of it."""
    title = f"What {facts.device} told"
    style = Markup(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", style),
    )
    sections = joined(module.section(facts) for module in SECTIONS)
    body = element("body", _header(facts, title), element("main", sections), _foot(facts))
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _header(facts: Facts, title: str) -> Markup:
    period, asked = facts.period, facts.asked
    told: list[Content] = [
        f"{moment(period.since_s)[:16]} to {moment(period.until_s)[:16]} local time, {span(period.length_s)}.",
    ]
    if period.since_s > asked.since_s:
        told.append(f" Wanted from {moment(asked.since_s)[:16]} on; the history begins later.")
    notes = []
    if wrong := facts.tally.clock_wrong:
        notes.append(nothing(f"The clock was not set at {counted(wrong, 'event')}: their times may be wrong."))
    return element("header", element("h1", title), element("p", *told), *notes)


def _foot(facts: Facts) -> Markup:
    return element(
        "footer",
        element(
            "p",
            f"Made by edged {__version__} at {moment(facts.now_s)} from the box's own history. Nothing was asked of "
            "the network, and this page asks nothing of it. It names whom the events name: mind whom you hand it to.",
        ),
    )
