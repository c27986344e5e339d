"""Logs: one line a happening on standard error, key=value for people, JSON on request, fields for journald.

Code says ``log.warning("source lost", extra={"source": name})``; what stands in ``extra`` becomes the fields.
"""

import json
import logging
import os
import sys
from collections import deque
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, TextIO

from edged.config import Section
from edged.runtime.journald import journald_handler

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogConfig(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    format: Literal["auto", "text", "json"] = "auto"
    """auto: fields to journald under systemd, else text; text: key=value lines; json: one object a line."""


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What the code put into ``extra``."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def quoted(value: object) -> str:
    """A value that stays one word: quoted when it holds spaces, quotes, ``=`` or line ends."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "=\n\r\t') else text


class PlainFormatter(logging.Formatter):
    """``source lost source=microphone reason="gave nothing for 3.2 s"``: for journald, which knows when and how bad."""

    def format(self, record: logging.LogRecord) -> str:
        first, end, rest = record.getMessage().partition("\n")
        pairs = "".join(f" {name}={quoted(value)}" for name, value in fields(record).items())
        fault = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{first}{pairs}{end}{rest}{fault}"


class TextFormatter(PlainFormatter):
    """``2026-11-21T07:38:05Z warning source lost source=microphone reason="gave nothing for 3.2 s"``."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{at} {record.levelname.lower()} {super().format(record)}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "message": record.getMessage(), "logger": record.name}
        line |= fields(record)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up(config: LogConfig) -> None:
    """Send everything that is logged where ``config`` says."""
    handler = journald_handler(fields) if config.format == "auto" else None
    if handler is None:
        handler = logging.StreamHandler(_own(sys.stderr))
        handler.setFormatter(JsonFormatter() if config.format == "json" else TextFormatter())
    else:
        handler.setFormatter(PlainFormatter())
    logging.basicConfig(level=config.level.upper(), handlers=[handler, _Recent(logging.WARNING)], force=True)


@lru_cache(maxsize=1)  # one number, however often it is set up
def _own(stderr: TextIO) -> TextIO:
    """Standard error under a number of our own: sounddevice points the usual one to nowhere while PortAudio starts."""
    try:
        number = os.dup(stderr.fileno())
    except (OSError, AttributeError):  # it is none of the system's, or there is none
        return stderr
    return os.fdopen(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def recent() -> list[str]:
    """The last warnings and errors, the newest last, a line each."""
    return list(_recent)


_recent: deque[str] = deque(maxlen=30)


class _Recent(logging.Handler):
    """Keeps the last few for whoever asks from afar, without the traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        _recent.append(TextFormatter().format(record).partition("\n")[0])
