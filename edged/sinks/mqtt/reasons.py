"""The broker's reasons, in words and with their code."""

from typing import Any

MOST_LETTERS = 120
"""Of what the broker adds in its own words: it stands in health and in the log."""


def in_words(reason: Any, properties: Any) -> str:
    """``Not authorized (0x87): no such user``; ``properties`` may hold the broker's own words, or another's address."""
    added = [getattr(properties, name, "")[:MOST_LETTERS] for name in ("ReasonString", "ServerReference")]
    said = ": ".join([f"{reason} (0x{reason.value:02x})", *filter(None, added)])
    return "".join(letter if letter.isprintable() else " " for letter in said)
