"""Shown: whom clips are about. It stands in their sealed files, so each is read once, and only when it matters."""

from collections.abc import Callable, Collection

from edged.errors import EdgedError
from edged.sinks.clips.clip import Events

PERSON = "person:"
MOST_READ = 2000
"""Clips that are read at a time: the writer is not to be late. The others are, the next time."""


class Shown:
    """Remembers of each clip whom it is about, by id in the gallery. Not thread-safe."""

    def __init__(self, read: Callable[[str], bytes], most: int = MOST_READ) -> None:
        """``read``: the messages of a clip's event, as in ``events.json``; EdgedError where they cannot be read."""
        self._read, self._most = read, most
        self._people: dict[str, frozenset[str]] = {}

    def clips_of(self, people: Collection[str], clips: Collection[str]) -> list[str]:
        """Those of the clips (ids of events) that are about one of these people, as far as they have been read."""
        known = self._people
        new = [clip for clip in clips if clip not in known][: self._most]
        self._people = {clip: known[clip] for clip in clips if clip in known} | {clip: self._of(clip) for clip in new}
        return [clip for clip, of in self._people.items() if not of.isdisjoint(people)]

    def _of(self, clip: str) -> frozenset[str]:
        """Nobody where it cannot be read: it shows nothing to anybody, and goes by age."""
        try:
            messages = Events.model_validate_json(self._read(clip)).messages
        except (EdgedError, ValueError):
            return frozenset()
        subjects = [message.subject or "" for message in messages]
        return frozenset(one.removeprefix(PERSON) for one in subjects if one.startswith(PERSON))
