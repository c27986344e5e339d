"""Ledger: every event that the box accepted, every one that arrived, and what is wrong between the two."""

import threading
import time
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

UNSURE_S = 0.3
"""So near to a connection's beginning nobody outside can tell whether a message has waited or is live."""

Key = tuple[str, str, int]
"""Id, phase and number: what a duplicate shares."""


class Entry(NamedTuple):
    """One message of an event, when it was accepted or when it arrived."""

    at_s: float
    message: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """What a duplicate shares."""
        return self.message["id"], self.message["phase"], self.message["seq"]


class Ledger:
    """Two columns. Thread-safe."""

    def __init__(self) -> None:
        self.accepted: dict[Key, Entry] = {}
        """By the journal: it is written when an event is on the disk."""
        self.arrived: dict[Key, Entry] = {}
        """The first arrival of each."""
        self.arrivals = 0
        """With duplicates."""
        self.gone: list[tuple[int, int]] = []
        """First and last numbers that the box said will never come."""
        self._lock = threading.Lock()

    def accept(self, message: Mapping[str, Any]) -> None:
        """A line of the journal."""
        entry = Entry(time.time(), message)
        with self._lock:
            self.accepted[entry.key] = entry

    def arrive(self, message: Mapping[str, Any]) -> None:
        """A message at the subscriber."""
        entry = Entry(time.time(), message)
        with self._lock:
            self.arrivals += 1
            self.arrived.setdefault(entry.key, entry)

    def lost(self) -> list[Entry]:
        """Accepted, and never arrived."""
        with self._lock:
            return [entry for key, entry in self.accepted.items() if key not in self.arrived]

    def holes(self) -> list[int]:
        """Numbers that neither arrived nor were said to be gone, below the highest that arrived."""
        with self._lock:
            seqs = {key[2] for key in self.arrived}
            for first, last in self.gone:
                seqs.update(range(first, last + 1))
            return [seq for seq in range(min(seqs, default=1), max(seqs, default=0)) if seq not in seqs]

    def out_of_order(self, connected_s: Sequence[float]) -> list[Entry]:
        """Arrivals that came too late; ``connected_s``: when the box connected, in order."""
        with self._lock:
            accepted_s = {key: entry.at_s for key, entry in self.accepted.items()}
            return out_of_order(list(self.arrived.values()), accepted_s, connected_s)


def out_of_order(
    arrivals: Iterable[Entry], accepted_s: Mapping[Key, float], connected_s: Sequence[float]
) -> list[Entry]:
    """What came after something that it should have come before, in the same pipeline.

    Each event's messages come in order. What happens after a connection began comes in order; beside it comes in order
    what had waited for the connection, but for an event that goes on: of that, all comes before its next message.
    """
    arrivals = list(arrivals)
    lanes = {entry.key: _lane(entry, accepted_s, connected_s) for entry in arrivals}
    goes_on = {entry.message["id"] for entry in arrivals if not (lanes[entry.key] or "").startswith("waited")}
    highest: dict[tuple[str, str], int] = {}
    late = []
    for entry in arrivals:
        lane, seq = lanes[entry.key], entry.message["seq"]
        places = [("event", entry.message["id"])]
        if lane and not (lane.startswith("waited") and entry.message["id"] in goes_on):
            places.append((lane, entry.message["pipeline"]))
        if any(seq < highest.get(place, 0) for place in places):
            late.append(entry)
        for place in places:
            highest[place] = max(seq, highest.get(place, 0))
    return late


def _lane(entry: Entry, accepted_s: Mapping[Key, float], connected_s: Sequence[float]) -> str | None:
    """``live``, or ``waited`` for a connection; None where nobody can tell from outside."""
    place = bisect_right(connected_s, entry.at_s)
    at_s = accepted_s.get(entry.key)
    if at_s is None or not place:
        return None
    since_s = connected_s[place - 1]
    if abs(at_s - since_s) < UNSURE_S:
        return None
    return f"waited {place}" if at_s < since_s else "live"
