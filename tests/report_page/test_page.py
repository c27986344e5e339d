"""Page: all that was gathered, as HTML that loads nothing and in which foreign text stays text."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.errors import EdgedError
from edged.report_page.drawing import LEAST_WIDTH, WIDTH
from edged.report_page.page import page
from edged.report_page.period import Period
from edged.report_page.sections.health import MOST_LISTED as MOST_UNWELL
from edged.report_page.sections.health import MOST_PARTS
from edged.report_page.sections.over_time import MOST_ROWS
from edged.report_page.sections.scores import MOST_CARDS
from edged.report_page.sections.uptime import MOST_GAPS
from tests.report_page.made import DAY_S, NOON_S, PERIOD, a_change, a_record, a_run, facts_by_hand, facts_on_disk, said
from tests.report_page.parsed import HOSTILE, Parsed

LOADS = {"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href", "ping", "formaction"}
TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "section",
    "footer",
    "h1",
    "h2",
    "h3",
    "div",
}
TAGS |= {"span", "p", "i", "b", "strong", "code", "table", "thead", "tbody", "tr", "th", "td", "svg", "rect"}


def words_of(facts):
    return re.sub(r"\s+", " ", Parsed(page(facts)).words)


def named(words):
    """Facts with the words in every place that others fill."""
    pipeline, label, other, part, reason, state, version, device, step, event = words
    event = a_record(1)._replace(id=event, pipeline=pipeline, label=label)
    event = event._replace(body=a_record(latency_ms={step: 3.0, "total": 9.0}).body)
    run = a_run(1, 0, 7000)._replace(version=version)
    changes = [a_change(5, part, "failing", reason), a_change(3000, part, state, reason), a_change(5, "box", "ok")]
    feedback = {event.id: said("false_alarm").model_copy(update={"label": other})}
    return facts_by_hand([event, a_record(2, 50.0)], runs=[run], changes=changes, feedback=feedback, device=device)


def skeleton(parsed):
    return Counter((tag, *sorted(attributes)) for tag, attributes in parsed.tags)


@settings(max_examples=40)
@given(st.lists(HOSTILE, min_size=10, max_size=10))
def test_no_markup_of_others_gets_through(words):
    """Whatever names, labels, reasons and ids hold, elements and attributes are the same as with plain words."""
    different = [f"{number}{word}" for number, word in enumerate(words)]
    made = page(named(different))
    parsed, plain = Parsed(made), Parsed(page(named([f"{number}x" for number in range(10)])))
    assert skeleton(parsed) == skeleton(plain)
    assert parsed.style == plain.style
    assert parsed.others == 0
    made.encode()


def test_the_page_loads_nothing_and_runs_nothing():
    """No element, attribute or style of it names anything elsewhere; its policy forbids it besides."""
    parsed = Parsed(page(named([f"word{number}" for number in range(10)])))
    assert {tag for tag, _ in parsed.tags} <= TAGS
    attributes = {name for _, found in parsed.tags for name in found}
    assert not attributes & LOADS
    assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|expression|//", parsed.style)
    styles = [found["style"] for _, found in parsed.tags if "style" in found]
    assert all(re.fullmatch(r"left:[\d.]+%|--strength:\d+%", style) for style in styles)
    policies = [found["content"] for _, found in parsed.tags if found.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_everything_is_told_in_words():
    """Also what the drawings show: for those who print it, or do not see it."""
    words = words_of(named(["yard", "cat", "fox", "mqtt", "broker gone", "ok", "0.9", "barn-7", "detect", "01KAG"]))
    for told in ("What barn-7 told", "yard · cat", "fox", "failing: broker gone", "edged 0.9", "detect", "01KAG"):
        assert told in words
    assert "1 of 1" in words
    assert "0 %" in words
    assert "cut short" in words
    labels = [found["aria-label"] for tag, found in Parsed(page(named(["a"] * 10))).tags if tag == "svg"]
    assert len(labels) > 5
    assert all(labels)


def test_reasons_are_said_where_a_bar_is_pointed_at():
    """As the title of its rectangle, which stays within the drawing."""
    made = page(named(["yard", "cat", "fox", "mqtt", "broker gone", "ok", "0.9", "barn", "detect", "x"]))
    assert re.search(
        r"<rect [^>]*state-failing[^>]*><title>failing from [^<]* for 49\xa0min 55\xa0s: broker gone</title>", made
    )
    for left, width in re.findall(r'<rect x="([\d.-]+)" y="[\d.-]+" width="([\d.-]+)"', made):
        assert float(left) >= 0
        assert float(width) >= LEAST_WIDTH
        assert float(left) + float(width) <= WIDTH + 0.2


def test_a_part_that_was_off_all_the_time_is_off_and_not_well():
    """One that was off for a while has the share of the time that it was well."""
    changes = [a_change(0, "usb", "off"), a_change(0, "mqtt", "off"), a_change(DAY_S / 2, "mqtt", "ok")]
    words = words_of(facts_by_hand(runs=[a_run(1, 0, DAY_S)], changes=changes))
    assert "usboff" in words
    assert "mqtt100 %" in words


def test_what_was_worst_is_drawn_last():
    """A short failure is not hidden by the wider box of what came after it."""
    changes = [a_change(0, "mqtt", "ok"), a_change(500, "mqtt", "failing"), a_change(510, "mqtt", "ok")]
    made = page(facts_by_hand(runs=[a_run(1, 0, DAY_S)], changes=changes))
    looks = re.findall(r'<rect [^>]*class="(state-[a-z]+)"', made)
    assert looks == ["state-ok", "state-ok", "state-failing"]


def test_gaps_look_like_what_ended_the_life_before():
    """A stop that was meant is told from one that was not."""
    runs = [a_run(1, 0, 1000, stopped=True), a_run(2, 2000, 3000), a_run(3, 4000, DAY_S)]
    looks = re.findall(r'<rect [^>]*class="(up|stopped|cut)"', page(facts_by_hand(runs=runs)))
    assert looks == ["up", "up", "up", "stopped", "cut"]


def test_latency_is_told_by_its_median_95_percent_and_longest():
    """Of each step of each pipeline."""
    records = [a_record(number, latency_ms={"read": float(number + 1)}) for number in range(100)]
    words = words_of(facts_by_hand(records))
    assert "read50 ms95 ms100 ms" in words


def test_an_empty_history_is_a_page_too(tmp_path):
    """It says in every section that there is nothing."""
    words = words_of(facts_on_disk(tmp_path))
    assert words.count("No event began in this time.") == 3
    assert "Edged did not run in this time" in words
    assert "Nobody has judged an event" in words


def test_a_large_history_makes_a_page_of_bounded_size():
    """Rows and rectangles have their limits, and the page says what it leaves out."""
    records = [a_record(n, float(n), pipeline=f"p{n % 60}", label=f"l{n % 300}") for n in range(900)]
    runs = [a_run(n, n * 1000.0, n * 1000.0 + 100, stopped=n % 2 == 0) for n in range(80)]
    changes = [
        a_change(n * 1000.0 + place, f"part{place}", "ok" if n % 3 else "degraded", f"reason {n}")
        for n in range(80)
        for place in range(60)
    ]
    facts = facts_by_hand(records, runs=runs, changes=changes, feedback={one.id: said("correct") for one in records})
    made = page(facts)
    assert len(made) < 4_000_000
    words = re.sub(r"\s+", " ", Parsed(made).words)
    assert "The newest 50 of 900" in words
    assert f"{300 - MOST_CARDS} more labels, with " in words
    assert f"The longest {MOST_GAPS} of 80 gaps" in words
    assert f"What was not well: the longest {MOST_UNWELL}" in words
    assert f"{60 - MOST_PARTS} more parts" in words
    assert "other pipelines" in words
    assert made.count('class="bars"') == MOST_ROWS + 1 + MOST_CARDS


def test_the_period_begins_where_the_history_does(tmp_path):
    """What is asked for beyond that is said, and not drawn."""
    asked = Period(NOON_S - 300 * DAY_S, PERIOD.until_s)
    run = a_run(1, 100, DAY_S)
    facts = facts_on_disk(tmp_path, [a_record(1, 500)], runs=[run], changes=[a_change(100, "mqtt", "ok")], asked=asked)
    assert facts.period == Period(NOON_S + 100, PERIOD.until_s)
    assert "the history begins later" in words_of(facts)
    assert facts.spans["mqtt"][0].from_s == NOON_S + 100


def test_events_and_health_of_the_period_alone_are_told(tmp_path):
    """Of health also how it was when the period began."""
    records = [a_record(1, -10.0), a_record(2, 10.0), a_record(3, DAY_S + 1)]
    changes = [a_change(-500, "mqtt", "degraded", "slow"), a_change(1000, "mqtt", "ok")]
    facts = facts_on_disk(tmp_path, records, runs=[a_run(1, -1000, DAY_S)], changes=changes)
    assert [one.record.id for one in facts.tally.last] == [a_record(2).id]
    assert [(one.state, one.from_s - NOON_S, one.until_s - NOON_S) for one in facts.spans["mqtt"]] == [
        ("degraded", 0, 1000),
        ("ok", 1000, DAY_S),
    ]


def test_a_period_that_ends_before_it_begins_is_refused(tmp_path):
    """With what it was, and the remedy."""
    with pytest.raises(EdgedError, match="must begin before it ends; name an earlier beginning"):
        facts_on_disk(tmp_path, asked=Period(NOON_S, NOON_S))


def test_wrong_clocks_and_unreadable_feedback_are_said():
    """So that nobody trusts what cannot be trusted."""
    facts = facts_by_hand([a_record(1, clock="unsynchronised")])
    facts.tally.unreadable, facts.tally.why = 2, "key: cannot be read"
    words = words_of(facts)
    assert "The clock was not set at 1 event" in words
    assert "Feedback on 2 events cannot be read: key: cannot be read" in words
