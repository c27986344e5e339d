"""Journald: what is logged arrives as entries with fields that journald takes."""

import logging
import os
import re
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.runtime.journald import MOST_LETTERS, JournalHandler, encoded, field_name, is_journal
from edged.runtime.logs import PlainFormatter, fields


def decoded(datagram):
    """An entry, as journald reads it."""
    entry = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = struct.unpack("<Q", rest[:8])[0]
            value, end, rest = rest[8 : 8 + length], rest[8 + length : 9 + length], rest[9 + length :]
            assert end == b"\n"
        entry[name.decode()] = value.decode()
        datagram = rest
    return entry


@pytest.fixture
def journald(tmp_path):
    """A socket, bound where it is to listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.settimeout(5)
        yield listening


@pytest.fixture
def log(tmp_path):
    """A logger that writes there."""
    handler = JournalHandler(fields, tmp_path / "socket")
    handler.setFormatter(PlainFormatter())
    logger = logging.getLogger("tests.journald")
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def test_an_entry_has_fields_beside_a_line_for_people(journald, log):
    """`journalctl EDGED_PIPELINE=drones` finds it, and who only reads the message is told all the same."""
    log.warning("item lost", extra={"pipeline": "drones", "event": "01J", "took s": 1.5})
    entry = decoded(journald.recv(100_000))
    assert entry["MESSAGE"] == "item lost pipeline=drones event=01J took s=1.5"
    assert entry["EDGED_PIPELINE"] == "drones"
    assert entry["EDGED_EVENT"] == "01J"
    assert entry["EDGED_TOOK_S"] == "1.5"
    assert entry["PRIORITY"] == "4"
    assert entry["SYSLOG_IDENTIFIER"] == "edged"
    assert entry["CODE_FUNC"] == "test_an_entry_has_fields_beside_a_line_for_people"


def test_a_traceback_is_one_entry(journald, log):
    """Of several lines; a line's end in a field forges no other field."""
    try:
        raise ValueError("bad\nPRIORITY=0")
    except ValueError as fault:
        log.exception("item lost", extra={"reason": str(fault)})
    entry = decoded(journald.recv(100_000))
    assert entry["MESSAGE"].startswith('item lost reason="bad\\nPRIORITY=0"\nTraceback')
    assert entry["EDGED_REASON"] == "bad\nPRIORITY=0"
    assert entry["PRIORITY"] == "3"


def test_a_record_of_any_length_arrives(journald, log):
    """Cut where it must be."""
    log.error("x" * 10_000_000, extra={"reason": "ü" * 1_000_000})
    assert len(decoded(journald.recv(1_000_000))["EDGED_REASON"]) == MOST_LETTERS


def test_a_journal_that_is_gone_does_not_cost_the_box(log, capsys):
    """Whoever logs does not notice."""
    log.error("item lost")
    assert "No such file" in capsys.readouterr().err


@given(st.dictionaries(st.sampled_from(["MESSAGE", "A", "EDGED_X_1"]), st.text(max_size=100)))
def test_whatever_is_written_is_read(entry):
    """Lone surrogates, which no encoding has, aside."""
    readable = {name: value.encode(errors="replace").decode() for name, value in entry.items()}
    assert decoded(encoded(entry)) == readable


@given(st.text(max_size=100))
def test_a_field_s_name_is_one_that_journald_takes(name):
    """Others it would drop without a word."""
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", field_name(name))


def test_the_journal_is_where_standard_error_goes_or_it_is_not(tmp_path):
    """$JOURNAL_STREAM is inherited by programs whose output goes to a file."""
    with (tmp_path / "log").open("w") as stream:
        there = os.fstat(stream.fileno())
        assert is_journal(f"{there.st_dev}:{there.st_ino}", stream)
        assert not is_journal(f"{there.st_dev}:{there.st_ino + 1}", stream)
        assert not is_journal("", stream)
    assert not is_journal("8:1", stream)
