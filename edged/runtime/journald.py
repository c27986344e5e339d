"""Journald: log records with fields that can be searched for, such as ``journalctl EDGED_PIPELINE=drones``.

By journald's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): with a limit of time, as in service_manager.
"""

import logging
import os
import re
import socket
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ADDRESS = Path("/run/systemd/journal/socket")
SEND_LIMIT_S = 1.0
"""For journald to take a line; then that is lost, and edged goes on."""
MOST_LETTERS = 16_000
"""Of one field: a datagram of all of them fits a socket's usual buffer."""

PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
DEBUG = 7


def journald_handler(fields: Callable[[logging.LogRecord], Mapping[str, Any]]) -> logging.Handler | None:
    """Writes records with their ``fields`` (``EDGED_SOURCE=…``); None where standard error is not the journal."""
    return JournalHandler(fields) if is_journal(os.environ.get("JOURNAL_STREAM", ""), sys.stderr) else None


def is_journal(named: str, stream: Any) -> bool:
    """Whether ``stream`` is the one that ``$JOURNAL_STREAM`` names (it is inherited by whoever writes elsewhere)."""
    try:
        there = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return named == f"{there.st_dev}:{there.st_ino}"


class JournalHandler(logging.Handler):
    """One entry a record: what the formatter makes of it as the message, and the fields."""

    def __init__(self, fields: Callable[[logging.LogRecord], Mapping[str, Any]], address: Path = ADDRESS) -> None:
        """``fields``: by names that need not be journald's."""
        super().__init__()
        self._fields, self._address = fields, address

    def emit(self, record: logging.LogRecord) -> None:
        """Never raises: what cannot be written is told on standard error, as logging does."""
        own = {field_name(name): str(value) for name, value in self._fields(record).items()}
        entry = {
            "MESSAGE": self.format(record),
            "PRIORITY": str(priority(record.levelno)),
            "SYSLOG_IDENTIFIER": "edged",
            "LOGGER": record.name,
            "THREAD_NAME": str(record.threadName),
            "CODE_FILE": record.pathname,
            "CODE_LINE": str(record.lineno),
            "CODE_FUNC": str(record.funcName),
        }
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to_journald:
                to_journald.settimeout(SEND_LIMIT_S)
                to_journald.sendto(encoded(entry | own), str(self._address))
        except OSError:
            self.handleError(record)


def encoded(entry: Mapping[str, str]) -> bytes:
    """``NAME=value`` a line; a value of several lines with its length (64 bits, little-endian) before it."""
    return b"".join(
        _field(name.encode(), value[:MOST_LETTERS].encode(errors="replace")) for name, value in entry.items()
    )


def _field(name: bytes, value: bytes) -> bytes:
    if b"\n" not in value:
        return name + b"=" + value + b"\n"
    return name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"


def field_name(name: str) -> str:
    """``source`` -> ``EDGED_SOURCE``: what journald allows, which is [A-Z0-9_], at most 64, no underscore in front."""
    return f"EDGED_{re.sub('[^A-Z0-9_]', '_', name.upper())}"[:64]


def priority(level: int) -> int:
    """Of syslog: error 3, warning 4, info 6, debug 7."""
    return next((number for least, number in PRIORITIES if level >= least), DEBUG)
