"""Guard: what each of them offers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from edged.runtime.finding import Finding


class Seen(NamedTuple):
    """What a guard saw."""

    finding: Finding
    """``ok`` with words is a thing to know that makes the box no worse."""
    figures: Mapping[str, float] = MappingProxyType({})
    """To be shown beside it."""


class Guard(Protocol):
    """Watches one thing. All its calls come from one thread."""

    @property
    def name(self) -> str:
        """Of the thing, in a word: it stands in health as ``machine.<name>``."""
        ...

    def look(self, now_s: float) -> Seen | None:
        """How that thing is, at that time by a clock that never goes back; None: this box has none.

        Must not block for more than a moment.
        """
        ...


def size(count: int) -> str:
    """``1.2 GB``, ``350 MB``: coarse, so that health does not change with every byte."""
    return f"{count / 1e9:.1f} GB" if count >= 995_000_000 else f"{round(count / 1e7) * 10} MB"
