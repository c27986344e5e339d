"""Lanes: which message is sent next. Live ones go first, in order; beside them, in order, what waited."""

from collections.abc import Collection, Iterable

from edged.messages.event import Phase
from edged.outbox.row import Row
from edged.outbox.store import Store
from edged.outbox.window import Window


class Lanes:
    """Two places in the order of ``seq``: all up to ``_border`` is backlog, all above is live.

    A live message is preceded by what still waits in the backlog of the same event, so that no event's end comes
    before its start.
    """

    def __init__(self) -> None:
        self._backlog = self._live = self._border = 0
        self._waited_rows, self._live_rows = Window(), Window()

    def draw_border(self, last_seq: int) -> None:
        """All that was accepted so far has waited; what comes now is live."""
        self._live = self._border = last_seq
        self._waited_rows.clear()
        self._live_rows.clear(last_seq)

    def start_over(self, last_seq: int) -> None:
        """The same, and what waited is looked through from its beginning."""
        self._backlog = 0
        self.draw_border(last_seq)

    def put_back(self, seq: int) -> None:
        """It was not sent after all: it comes again, in its order."""
        if seq > self._border:
            self._live = min(self._live, seq - 1)
            self._live_rows.clear()
        else:
            self._backlog = min(self._backlog, seq - 1)
            self._waited_rows.clear()

    def is_live(self, seq: int) -> bool:
        """Whether it was accepted since the border was drawn."""
        return seq > self._border

    def add(self, row: Row, last_seq: int) -> None:
        """A row was committed; ``last_seq``: the number before it, or its own if it has replaced another."""
        if row.seq <= last_seq:
            self._live_rows.replace(row)
            self._waited_rows.replace(row)
        elif self.is_live(row.seq):
            self._live_rows.add(row, last_seq)

    def forget(self, seqs: Iterable[int]) -> None:
        """They were dropped."""
        for seq in seqs:
            self._live_rows.forget(seq)
            self._waited_rows.forget(seq)

    def next_live(self, store: Store, handed: Collection[int], last_seq: int) -> Row | None:
        """The next live message, or one that must come before it; ``handed`` are under way already."""
        if self._live >= last_seq:
            return None
        row = self._live_rows.first(store, self._live, last_seq, handed)
        if row is None:
            self._live = last_seq
            return None
        if row.phase != Phase.START and self._backlog < self._border:
            before = self._first_of(store, row.event, handed)
            if before is not None:
                self._waited_rows.forget(before.seq)
                return before
        self._live_rows.forget(row.seq)
        self._live = row.seq
        return row

    def next_backlog(self, store: Store, handed: Collection[int]) -> Row | None:
        """The next of what waited."""
        if self._backlog >= self._border:
            return None
        row = self._waited_rows.first(store, self._backlog, self._border, handed)
        self._backlog = row.seq if row else self._border
        self._waited_rows.forget(self._backlog)
        return row

    @property
    def has_backlog(self) -> bool:
        """Whether something that waited may still be there."""
        return self._backlog < self._border

    def _first_of(self, store: Store, event: str, handed: Collection[int]) -> Row | None:
        """The first that waited of an event."""
        row = store.first_of(event, self._backlog, self._border)
        while row is not None and row.seq in handed:
            row = store.first_of(event, row.seq, self._border)
        return row
