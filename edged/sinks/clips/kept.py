"""Kept: which clips there are, and which have to go. Not thread-safe."""

from collections.abc import Callable, Sequence
from pathlib import Path

from edged.runtime.health import Part
from edged.sinks.clips.clip import Entry
from edged.sinks.clips.config import ClipsConfig
from edged.sinks.clips.eviction import may_go
from edged.sinks.clips.folder import Folder

FULL_AGAIN = 0.95
"""So much of the room stays in use, so that not every clip after that deletes another."""
DAY_S = 86400.0


class Kept:
    """The clips in a folder, by event. OSError where the disk does not let us."""

    def __init__(self, config: ClipsConfig, folder: Folder, health: Part, free_bytes: Callable[[Path], int]) -> None:
        self._config, self._folder, self._health, self._free_bytes = config, folder, health, free_bytes
        self._clips: dict[str, Entry] = {}
        self._bytes = 0

    def load(self) -> None:
        """See what is there."""
        self._clips.clear()
        self._bytes = unreadable = 0
        for clip in self._folder.descriptions():
            if clip is None:
                unreadable += 1
            else:
                self.note(clip.entry)
        if unreadable:
            self._health.show("unreadable", unreadable)

    def use(self, config: ClipsConfig) -> None:
        """From now on with these limits; what is too much goes with the next sweep."""
        self._config = config

    def __contains__(self, event: str) -> bool:
        return event in self._clips

    @property
    def events(self) -> list[str]:
        """Whose clips are there."""
        return list(self._clips)

    def note(self, clip: Entry) -> None:
        """It is there now, in place of what was known of it."""
        self._forget(clip.id)
        self._clips[clip.id] = clip
        self._bytes += clip.disk_bytes

    def delete_older(self, unix_s: float | None) -> None:
        """Delete what is too old, and what is too much. None: nobody knows what time it is, and nothing is too old."""
        oldest_s = float("-inf") if unix_s is None else unix_s - self._config.max_age_days * DAY_S
        for clip in may_go(self._clips.values(), self._config.keep_last):
            if clip.started_s < oldest_s:
                self._delete(clip, "deleted_old")
        self.make_room(None)

    def delete_erased(self, event: str) -> None:
        """Delete the clip of an event where it is there: a person was erased."""
        if clip := self._clips.get(event):
            self._delete(clip, "deleted_erased")

    def make_room(self, coming: Entry | None) -> bool:
        """Delete until a clip fits, with some room more than that; False, with nothing deleted, where it never would.

        None: until what is there fits, as far as it may go.
        """
        if self._fits(coming):
            return True
        going = may_go(self._clips.values(), self._config.keep_last, coming)
        if coming and not self._fits(coming, without=going):
            return False
        for clip in going:
            if self._fits(coming, FULL_AGAIN):
                break
            self._delete(clip, "deleted_for_room")
        return self._fits(coming)

    def tell(self) -> None:
        """Say in health how much there is."""
        self._health.show("kept", len(self._clips))
        self._health.show("kept_bytes", self._bytes)

    def _fits(self, coming: Entry | None, share: float = 1.0, without: Sequence[Entry] = ()) -> bool:
        config, more = self._config, int(coming is not None) - len(without)
        size = (coming.disk_bytes if coming else 0) - sum(clip.disk_bytes for clip in without)
        return (
            len(self._clips) + more <= max(1, config.max_clips * share)
            and self._bytes + size <= config.max_bytes * share
            and self._free_bytes(self._folder.path) - size >= config.min_free_bytes
        )

    def _delete(self, clip: Entry, counter: str) -> None:
        self._folder.delete(clip.id)
        self._forget(clip.id)
        self._health.count(counter)

    def _forget(self, event: str) -> None:
        if clip := self._clips.pop(event, None):
            self._bytes -= clip.disk_bytes
