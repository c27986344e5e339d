"""Outbox: where every event goes first, on disk, and where it stays until the broker has acknowledged it."""

from edged.outbox.box import Outbox
from edged.outbox.config import OutboxConfig

__all__ = ["Outbox", "OutboxConfig"]
