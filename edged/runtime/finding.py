"""Finding: what one check of the box found, how bad it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """From the best to the worst."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not as well or as surely as it could."""
    FAULT = "fault"
    """It does not work until somebody mends it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check-up."""

    level: Level
    about: str
    """The part of the box, in a word or two: ``usb:0``, ``libedgetpu``."""
    found: str
    """What was found, in words."""
    remedy: str = ""
    """What to do, where possible as a command that can be pasted; empty where there is nothing to do."""
