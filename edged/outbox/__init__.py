"""Outbox: where every event goes first, on disk, and where it stays until the broker has acknowledged it."""

from edged.outbox.box import Outbox
from edged.outbox.config import OutboxConfig
from edged.outbox.outgoing import Outgoing

__all__ = ["Outbox", "OutboxConfig", "Outgoing"]
