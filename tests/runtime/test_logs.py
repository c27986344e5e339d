"""Logs: one line a happening, for people and for programs."""

import json
import logging

from edged.runtime.logs import JsonFormatter, TextFormatter


def record(**extra):
    made = logging.LogRecord("edged.x", logging.WARNING, "file", 1, "source lost", None, None)
    vars(made).update(extra, created=1_700_000_000.0)
    return made


def test_text_is_key_value_with_quotes_where_needed():
    """A value with spaces stays one word, and a line's end cannot forge a line."""
    line = TextFormatter().format(record(source="microphone", reason='gave "nothing"\nfor 3 s'))
    assert line == '2023-11-14T22:13:20Z warning source lost source=microphone reason="gave \\"nothing\\"\\nfor 3 s"'


def test_json_is_one_object_a_line():
    """The same fields, for programs."""
    line = json.loads(JsonFormatter().format(record(source="microphone")))
    assert line["level"] == "warning"
    assert line["message"] == "source lost"
    assert line["source"] == "microphone"
