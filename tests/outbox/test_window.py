"""Window: what is read ahead is what would be read at its turn, whatever is added, replaced or gone meanwhile."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edged.outbox.clock import Moment
from edged.outbox.row import Row, runs
from edged.outbox.store import Store
from edged.outbox.window import Window

THEN = Moment("boot", 1.0, 2.0, synchronised=True)
STEPS = st.lists(st.tuples(st.sampled_from(["add", "take", "replace", "drop", "put back"]), st.integers(0, 10**6)))


def a_row(seq, body="first"):
    return Row(seq, f"event-{seq}", "start", THEN, body)


class Reader:
    """Takes rows through a window, and knows what it ought to be given."""

    def __init__(self):
        self.store, self.window = Store(None), Window(read_ahead=3, most_rows=4)
        self.last, self.after, self.handed, self.waiting = 0, 0, set(), {}

    def add(self, _):
        self.store.add([a_row(self.last + 1)])
        self.window.add(a_row(self.last + 1), self.last)
        self.last += 1
        self.waiting[self.last] = "first"

    def take(self, _):
        row = self.window.first(self.store, self.after, self.last, self.handed)
        due = min((seq for seq in self.waiting if seq > self.after and seq not in self.handed), default=None)
        assert (row.seq, row.body) == (due, self.waiting[due]) if row else due is None
        if row:
            self.window.forget(row.seq)
            self.handed.add(row.seq)
            self.after = row.seq

    def replace(self, number):
        if free := sorted(set(self.waiting) - self.handed):
            row = a_row(free[number % len(free)], f"later {number}")
            self.store.put(row)
            self.window.replace(row)
            self.waiting[row.seq] = row.body

    def drop(self, number):
        """Some that are under way are settled meanwhile, and some that are not are dropped."""
        if self.waiting:
            seq = sorted(self.waiting)[number % len(self.waiting)]
            self.store.delete([seq])
            self.handed.discard(seq)
            self.window.forget(seq)
            del self.waiting[seq]

    def put_back(self, number):
        if handed := sorted(self.handed):
            seq = handed[number % len(handed)]
            self.handed.discard(seq)
            self.after = min(self.after, seq - 1)
            self.window.clear()


@given(STEPS)
def test_the_rows_come_as_if_each_were_read_when_its_turn_has_come(steps):
    """With a window far smaller than what waits."""
    reader = Reader()
    for step, number in [("add", 0)] * 6 + steps + [("take", 0)] * 20:
        getattr(reader, step.replace(" ", "_"))(number)
    reader.store.close()


@given(st.lists(st.integers(1, 60)))
def test_runs_hold_every_number_and_no_other(seqs):
    """However often and in which order they are named."""
    found = runs(seqs)
    assert [seq for first, last in found for seq in range(first, last + 1)] == sorted(set(seqs))
    assert all(a[1] + 1 < b[0] for a, b in pairwise(found))
