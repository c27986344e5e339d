"""Life: that edged runs, from its start to its stop, so that times without it can be told from quiet ones."""

from collections.abc import Callable

from edged.history.store import Store

SEEN_S = 60.0
"""So often it is written down that edged is alive."""


class Life:
    """This one."""

    def __init__(self, boot_id: str, version: str, unix_s: Callable[[], float]) -> None:
        self._boot_id, self._version, self._unix_s = boot_id, version, unix_s
        self._started_s, self._told_s = unix_s(), float("-inf")
        self._number = 0

    @property
    def is_due(self) -> bool:
        """Whether it was told too long ago (or the clock was set back)."""
        return not 0 <= self._unix_s() - self._told_s < SEEN_S

    def tell(self, store: Store, *, stopped: bool) -> None:
        """Write it down, in a transaction; in a file that does not know of it, from its start."""
        if not store.see_run(self._number, self._unix_s(), stopped=stopped):
            self._number = store.begin_run(self._boot_id, self._version, self._started_s)
            store.see_run(self._number, self._unix_s(), stopped=stopped)

    def told(self) -> None:
        """It is written."""
        self._told_s = self._unix_s()
