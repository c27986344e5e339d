"""Upkeep: when the history is made smaller."""

from collections.abc import Callable

from edged.history.bounds import keep_within
from edged.history.config import HistoryConfig
from edged.history.store import Store

UPKEEP_S = 60.0
MOST_WRITTEN = 1000
"""After so many events it is time too: the file is larger than it may be by no more than that."""


class Upkeep:
    """Every ``UPKEEP_S``, and when much was written."""

    def __init__(self, config: HistoryConfig, clock: Callable[[], float], unix_s: Callable[[], float | None]) -> None:
        """``unix_s``: None where the clock is wrong."""
        self._config, self._clock, self._unix_s = config, clock, unix_s
        self._tidied_s, self._written = float("-inf"), 0
        self.has_deleted = False
        """Room in the file has become free."""

    def use(self, config: HistoryConfig) -> None:
        """From now on keep so much; what is too much goes with the next commit."""
        self._config, self._tidied_s = config, float("-inf")

    @property
    def is_due(self) -> bool:
        """Whether it is time."""
        return self._clock() - self._tidied_s >= UPKEEP_S or self._written >= MOST_WRITTEN

    def wrote(self, events: int, *, tidy: bool) -> None:
        """So many more were written; ``tidy``: and then :meth:`tidy` was called."""
        if tidy:
            self._tidied_s, self._written = self._clock(), 0
        else:
            self._written += events

    def tidy(self, store: Store) -> None:
        """Delete what is too much, in a transaction."""
        self.has_deleted = keep_within(store, self._config, self._unix_s()) > 0
