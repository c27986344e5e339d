"""How much the outbox keeps, where, and how fast it gives it away."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from edged.config import Section
from edged.runtime.machine import state_folder


class OutboxConfig(Section):
    """Events on disk until the broker has acknowledged them."""

    path: Path | None = None
    """The file; null: `outbox.sqlite3` in the box's own folder (`$STATE_DIRECTORY`, else /var/lib/edged)."""
    max_bytes: int = Field(256 * 2**20, ge=2**20, le=2**40)
    """Size of the file at most. When full the oldest updates go first, then the oldest events; each is counted."""
    max_age_days: float = Field(30.0, gt=0, le=3650)
    """What has waited for longer is dropped and counted."""
    drain_per_s: float = Field(200.0, ge=1, le=100_000)
    """What waited is sent at this rate at most, beside live events, which go first."""
    batch_s: float = Field(0.25, ge=0.01, le=10)
    """Updates and deletions wait so long for one commit together (kind to SD cards); starts and ends do not wait."""


def outbox_path(config: OutboxConfig, environment: Mapping[str, str] = os.environ) -> Path:
    """The file that ``config`` means on this box."""
    return config.path or state_folder(environment, os.getuid()) / "outbox.sqlite3"
