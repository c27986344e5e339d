"""ServiceManager: what edged tells systemd. The only place where systemd is imported; without it, nothing happens."""

import importlib
import logging
import os
from collections.abc import Callable
from typing import Any


def notify(state: str) -> bool:
    """Send ``READY=1``, ``STATUS=…``, ``WATCHDOG=1``, ``STOPPING=1``; False where no service manager listens."""
    if not os.environ.get("NOTIFY_SOCKET"):
        return False
    try:
        daemon = importlib.import_module("systemd.daemon")
    except ImportError:
        logging.getLogger(__name__).warning("systemd waits for word from us; install the extra edged[systemd]")
        return False
    return bool(daemon.notify(state))


def watchdog_s() -> float | None:
    """How often systemd wants ``WATCHDOG=1`` at least; None where it does not watch."""
    text = os.environ.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isdigit() else None


def journald_handler(fields: Callable[[logging.LogRecord], dict[str, Any]]) -> logging.Handler | None:
    """A handler that writes records with their ``fields`` (``EDGED_SOURCE=…``); None when journald is not listening."""
    if not os.environ.get("JOURNAL_STREAM"):
        return None
    try:
        journal: Any = importlib.import_module("systemd.journal")
    except ImportError:
        return None

    class FieldHandler(journal.JournalHandler):  # type: ignore[misc, unused-ignore]  # no types
        def emit(self, record: logging.LogRecord) -> None:
            extra = {f"EDGED_{name.upper()}": str(value) for name, value in fields(record).items()}
            journal.send(self.format(record), PRIORITY=self.map_priority(record.levelno), LOGGER=record.name, **extra)

    return FieldHandler()
