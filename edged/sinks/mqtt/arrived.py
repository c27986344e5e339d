"""Arrived: a message that the broker brought."""

from collections.abc import Callable
from typing import NamedTuple


class Arrived(NamedTuple):
    """As it came; whoever sent it can be anybody whom the broker lets in."""

    topic: str
    payload: bytes
    retained: bool
    """It was said before we asked, and the broker kept it."""


Handler = Callable[[Arrived], None]
"""Called on the connection's thread: returns at once."""
