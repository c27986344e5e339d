"""Logs: one line a happening, for people and for programs."""

import json
import logging
import subprocess
import sys

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


def test_what_is_logged_while_standard_error_is_pointed_elsewhere_is_not_lost(tmp_path):
    """As sounddevice does, for the whole process, each time that PortAudio starts."""
    code = (
        "import logging, os; from edged.runtime import logs; logs.set_up(logs.LogConfig())\n"
        "os.dup2(os.open(os.devnull, os.O_WRONLY), 2); logging.getLogger().warning('still here')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "still here" in done.stderr
