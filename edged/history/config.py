"""How much of its past the box keeps, and where."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from edged.config import Section
from edged.runtime.machine import state_folder


class HistoryConfig(Section):
    """What the box has told and how it was, kept on it to be looked at: `edged events`, `edged report`."""

    enabled: bool = True
    """Keep it. It holds what goes over the wire, names of people too, readable for edged's own user alone."""
    path: Path | None = None
    """The file; null: `history.sqlite3` in the box's own folder (`$STATE_DIRECTORY`, else /var/lib/edged)."""
    max_age_days: float = Field(90.0, gt=0, le=3650)
    """What began longer ago goes, as long as the clock is not known to be wrong."""
    max_events: int = Field(50_000, ge=1, le=10_000_000)
    """So many events at most; the oldest go first."""
    max_bytes: int = Field(64 * 2**20, ge=2**20, le=2**40)
    """Size of the file at most; the oldest events go first. One takes about 1 kB."""


def history_path(config: HistoryConfig, environment: Mapping[str, str] = os.environ) -> Path:
    """The file that ``config`` means on this box."""
    return config.path or state_folder(environment, os.getuid()) / "history.sqlite3"
