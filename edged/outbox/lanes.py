"""Lanes: which message is sent next. Live ones go first, in order; beside them, in order, what waited."""

from collections.abc import Callable, Collection

from edged.messages.event import Phase
from edged.outbox.store import Row, Store

NO_END = 2**62


class Lanes:
    """Two places in the order of ``seq``: all up to ``_border`` is backlog, all above is live.

    A live message is preceded by what still waits in the backlog of the same event, so that no event's end comes
    before its start.
    """

    def __init__(self) -> None:
        self._backlog = self._live = self._border = 0

    def draw_border(self, last_seq: int) -> None:
        """All that was accepted so far has waited; what comes now is live."""
        self._live = self._border = last_seq

    def start_over(self, last_seq: int) -> None:
        """The same, and what waited is looked through from its beginning."""
        self._backlog = 0
        self.draw_border(last_seq)

    def put_back(self, seq: int) -> None:
        """It was not sent after all: it comes again, in its order."""
        if seq > self._border:
            self._live = min(self._live, seq - 1)
        else:
            self._backlog = min(self._backlog, seq - 1)

    def is_live(self, seq: int) -> bool:
        """Whether it was accepted since the border was drawn."""
        return seq > self._border

    def next_live(self, store: Store, handed: Collection[int], last_seq: int) -> Row | None:
        """The next live message, or one that must come before it; ``handed`` are under way already."""
        if self._live >= last_seq:
            return None
        row = _first(lambda after: store.first(after, NO_END), self._live, handed)
        if row is None:
            return None
        if row.phase != Phase.START and self._backlog < self._border:
            before = _first(lambda after: store.first_of(row.event, after, self._border), self._backlog, handed)
            if before is not None:
                return before
        self._live = row.seq
        return row

    def next_backlog(self, store: Store, handed: Collection[int]) -> Row | None:
        """The next of what waited."""
        if self._backlog >= self._border:
            return None
        row = _first(lambda after: store.first(after, self._border), self._backlog, handed)
        self._backlog = row.seq if row else self._border
        return row

    @property
    def has_backlog(self) -> bool:
        """Whether something that waited may still be there."""
        return self._backlog < self._border


def _first(select: Callable[[int], Row | None], after: int, handed: Collection[int]) -> Row | None:
    row = select(after)
    while row is not None and row.seq in handed:
        row = select(row.seq)
    return row
