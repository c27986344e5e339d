"""Window: the next rows of a lane, read ahead, so that not each message costs a query of its own."""

from collections import OrderedDict
from collections.abc import Collection

from edged.outbox.row import Row
from edged.outbox.store import Store

READ_AHEAD = 100
"""Rows read at once."""
MOST_ROWS = 200
"""Rows that wait here at most; beyond, they are read when their turn has come."""


class Window:
    """Rows above a place in the order of ``seq``, in order, without those that are under way."""

    def __init__(self, read_ahead: int = READ_AHEAD, most_rows: int = MOST_ROWS) -> None:
        self._read_ahead, self._most_rows = read_ahead, most_rows
        self._rows: OrderedDict[int, Row] = OrderedDict()
        self._to = 0  # up to this number all that waits is here

    def first(self, store: Store, after: int, to: int, handed: Collection[int]) -> Row | None:
        """The first row with ``after < seq <= to``; it stays."""
        self._to = max(self._to, after)
        while not self._rows and self._to < to:
            rows = store.range(self._to, to, self._read_ahead)
            self._rows.update((row.seq, row) for row in rows if row.seq not in handed)
            self._to = rows[-1].seq if len(rows) == self._read_ahead else to
        return next(iter(self._rows.values()), None)

    def add(self, row: Row, last_seq: int) -> None:
        """A row that was committed just now; ``last_seq``: the number before it."""
        if self._to == last_seq and len(self._rows) < self._most_rows:
            self._rows[row.seq] = row
            self._to = row.seq

    def replace(self, row: Row) -> None:
        """Another row has that number now."""
        if row.seq in self._rows:
            self._rows[row.seq] = row

    def forget(self, seq: int) -> None:
        """It is under way, or gone."""
        self._rows.pop(seq, None)

    def clear(self, to: int = 0) -> None:
        """Read anew what is above ``to``; nothing else waits."""
        self._rows.clear()
        self._to = to
