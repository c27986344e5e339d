"""Markup: what is not our own stays text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edged.report_page.markup import LONGEST, element, joined, table, text, when
from tests.report_page.parsed import HOSTILE, Parsed


@settings(max_examples=60)
@given(HOSTILE, HOSTILE)
def test_foreign_text_never_becomes_markup(words, attribute):
    """Neither as a child nor as an attribute; what is seen is what was given, without what a terminal obeys."""
    parsed = Parsed(element("p", words, element("b", "x"), title=attribute))
    assert [tag for tag, _ in parsed.tags] == ["p", "b"]
    assert [names for _, names in parsed.tags] == [{"title": parsed.tags[0][1]["title"]}, {}]
    assert "<" not in text(words)
    assert '"' not in text(words)
    kept = [letter for letter in words[:LONGEST] if letter.isprintable() or letter == "\xa0"]
    assert [letter for letter in parsed.words if letter in kept][: len(kept)] == kept


@given(st.text())
def test_any_text_can_be_written_as_utf_8(words):
    """Half a surrogate pair too."""
    text(words).encode()


def test_long_texts_are_cut():
    """And say so."""
    assert len(text("x" * 1000)) == LONGEST + 1
    assert text("x" * 1000).endswith("…")
    assert text("y" * LONGEST) == "y" * LONGEST


def test_elements_and_tables_nest():
    """Children as they stand, numbers as text, attributes by their names."""
    assert element("i", 3, class_="a b", aria_label="x", title=None) == '<i class="a b" aria-label="x">3</i>'
    assert joined(["<", element("meta", name="y")]) == '&lt;<meta name="y">'
    made = table(["a"], [["<b>"]], "z")
    assert '<th scope="col">a</th>' in made
    assert "<td>&lt;b&gt;</td>" in made
    assert when("2026-11-20 12:00:01").count("<span>") == 2


def test_the_judge_of_these_tests_sees_markup():
    """The parser that the tests look through finds an element where there is one."""
    assert [tag for tag, _ in Parsed("<p>1<img src=x></p>").tags] == ["p", "img"]
