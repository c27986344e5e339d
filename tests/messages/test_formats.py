"""Formats: what the JSON Schemas say of texts and numbers on the wire."""

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from ulid import ULID

from edged.messages import formats
from edged.messages.wire import rfc3339


def fits(form, value):
    return jsonschema.Draft202012Validator(TypeAdapter(form).json_schema()).is_valid(value)


@given(st.floats(0, 4e9))
def test_every_time_that_edged_writes_is_a_time(unix_s):
    """With milliseconds and in UTC."""
    assert fits(formats.Time, rfc3339(unix_s))


@given(st.binary(min_size=16, max_size=16))
def test_every_ulid_is_one(number):
    """Also as a stranger's."""
    assert fits(formats.Ulid, str(ULID(number)))
    assert fits(formats.Subject, f"stranger:{ULID(number)}")


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (formats.Time, "2026-11-21T07:38:05Z"),
        (formats.Time, "2026-11-21T07:38:05.123+01:00"),
        (formats.Ulid, "01KA8XJQ5CDP3X7T6R4M2N9VZ"),
        (formats.Ulid, "81KA8XJQ5CDP3X7T6R4M2N9VZB"),
        (formats.Ulid, "01KA8XJQ5CDP3X7T6R4M2N9VZU"),
        (formats.Name, "Drones"),
        (formats.Name, "a/b"),
        (formats.Name, ""),
        (formats.Name, "a" * 41),
        (formats.Subject, "Ada"),
        (formats.Sha256, "ab" * 31),
        (formats.Score, 1.01),
        (formats.Seq, 0),
        (formats.Count, -1),
        (formats.Lasting, -0.1),
    ],
)
def test_what_has_another_form_is_refused(form, value):
    """Each by the schema alone."""
    assert not fits(form, value)
