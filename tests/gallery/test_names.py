"""Names: what may be one, and which are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import GalleryError
from edged.gallery.people import checked_name, folded


@given(st.text())
def test_a_name_that_is_kept_can_be_seen_and_is_kept_as_it_is(text):
    """1 to 80 printable characters without space at its ends; checking it again changes nothing."""
    try:
        name = checked_name(text)
    except GalleryError:
        return
    assert 1 <= len(name) <= 80
    assert name.isprintable()
    assert name == name.strip() == checked_name(name)


@given(st.text(min_size=1))
def test_folding_is_final(text):
    """Names that are folded alike are so in any case."""
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "must have 1 to 80"),
        ("x" * 81, "81 characters"),
        ("a\nb", "U\\+000A, which cannot be seen"),
        ("a\u202eb", "U\\+202E"),
        ("\ud800", "U\\+D800"),
        ("Unknown", "choose another"),
        ("SPOOF", "choose another"),
    ],
)
def test_what_is_no_name_is_refused(name, problem):
    """Length, characters that cannot be seen, and words that events use for nobody."""
    with pytest.raises(GalleryError, match=problem):
        checked_name(name)


def test_the_same_name_in_other_letters_is_taken(gallery):
    """Case and composition do not make another person."""
    gallery.add("Straße Å", [], by="me")
    for name in ("STRASSE Å", "straße A\u030a"):
        with pytest.raises(GalleryError, match="is enrolled already"):
            gallery.add(name, [], by="me")
