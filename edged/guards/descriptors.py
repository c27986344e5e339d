"""Descriptors: whether edged has nearly as many files and sockets open as it may."""

import re
from pathlib import Path

from edged.guards.guard import Seen
from edged.runtime.finding import Finding, Level
from edged.runtime.machine import ROOT, read_text

NEAR = 0.8
"""This share of the limit is too near to it."""


def judge(used: int, limit: int) -> Finding:
    """The rule."""
    if used < NEAR * limit:
        return Finding(Level.OK, "descriptors", "")
    found = f"more than {NEAR * 100:.0f} % of the {limit} files and sockets that edged may have open are in use"
    return Finding(Level.WARNING, "descriptors", found, "restart edged, and report it with `edged support-bundle`")


def limit_of(root: Path) -> int | None:
    """The soft limit; None where there is none."""
    found = re.search(r"^Max open files +([0-9]{1,18}) ", read_text(root / "proc/self/limits"), re.MULTILINE)
    return int(found[1]) if found else None


def used_of(root: Path) -> int | None:
    """How many are open; None where the kernel does not tell."""
    try:
        return sum(1 for _ in (root / "proc/self/fd").iterdir())
    except OSError:
        return None


class Descriptors:
    """Watches them."""

    name = "descriptors"

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root

    def look(self, now_s: float) -> Seen | None:  # noqa: ARG002  # a guard's
        """Figures: ``used`` and ``limit``."""
        used, limit = used_of(self._root), limit_of(self._root)
        return Seen(judge(used, limit), {"used": used, "limit": limit}) if used is not None and limit else None
