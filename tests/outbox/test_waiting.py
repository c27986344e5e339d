"""Waiting, whatever happens in whatever order: every number is waiting, acknowledged or told as gone."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edged.messages.event import Phase
from edged.outbox.config import OutboxConfig
from edged.outbox.waiting import Waiting
from edged.runtime.health import Health
from tests.events import an_event
from tests.outbox.clocks import Hands


class Life(RuleBasedStateMachine):
    """A box that accepts, sends, is refused, loses its broker and starts again; and a reader that sees what arrives."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "outbox.sqlite3"
        self.clock, self.on, self.begun = Hands().clock(), {}, 0
        self.under_way, self.arrived, self.gone, self.seqs = [], [], set(), 0
        self.waiting = self.open()

    def open(self):
        self.under_way = []
        return Waiting(self.path, OutboxConfig(drain_per_s=100_000), Health().part("outbox"), self.clock)

    def accept(self, phase, number):
        for message in self.waiting.accept([(an_event(phase, number), self.clock.now())], []):
            assert message.seq <= self.seqs + 1
            self.seqs = max(self.seqs, message.seq)

    @rule()
    def start(self):
        self.begun += 1
        self.on[self.begun] = True
        self.accept(Phase.START, self.begun)

    @precondition(lambda self: self.on)
    @rule(data=st.data())
    def update(self, data):
        self.accept(Phase.UPDATE, data.draw(st.sampled_from(sorted(self.on))))

    @precondition(lambda self: self.on)
    @rule(data=st.data())
    def end(self, data):
        number = data.draw(st.sampled_from(sorted(self.on)))
        del self.on[number]
        self.accept(Phase.END, number)

    @rule(most=st.integers(1, 5))
    def send(self, most):
        for _ in range(most):
            if message := self.waiting.next():
                assert message.seq not in [it.seq for it in self.under_way]
                self.under_way.append(message)

    @precondition(lambda self: self.under_way)
    @rule()
    def acknowledge(self):
        message = self.under_way.pop(0)
        self.arrived.append(message)
        self.waiting.accept([], [(message.seq, "")])

    @precondition(lambda self: self.under_way)
    @rule()
    def refuse(self):
        message = self.under_way.pop(0)
        self.gone.add(message.seq)
        self.waiting.accept([], [(message.seq, "not allowed")])

    @rule()
    def lose_the_broker(self):
        for message in self.under_way:
            self.waiting.put_back(message.seq)
        self.under_way = []
        self.waiting.reconnected()

    @rule()
    def start_again(self):
        """What was on has an end, once, which says that nobody saw it; its numbers go on without a hole."""
        self.waiting.close()
        self.waiting = self.open()
        ends = self.waiting.end_cut_short()
        assert {it.id for it in ends} == {an_event(Phase.END, number).id for number in self.on}
        assert all(it.phase is Phase.END and it.cut_short and it.ended_at for it in ends)
        assert [it.seq for it in ends] == list(range(self.seqs + 1, self.seqs + 1 + len(ends)))
        assert self.waiting.end_cut_short() == []
        self.seqs += len(ends)
        self.on = {}

    @invariant()
    def gaps_tell_what_is_gone(self):
        told = self.waiting.gaps()
        assert sum(last - first + 1 for first, last in told.ranges) == len(self.gone) if told else not self.gone

    def teardown(self):
        """In the end everything arrives, each event in order."""
        self.lose_the_broker()
        while message := self.waiting.next():
            self.under_way.append(message)
        self.arrived += self.under_way
        self.waiting.close()
        self.folder.cleanup()
        assert {it.seq for it in self.arrived} | self.gone == set(range(1, self.seqs + 1))
        phases = {}
        for it in {it.seq: it.message for it in self.arrived}.values():
            phases.setdefault(it.id, []).append(list(Phase).index(it.phase))
        assert all(seen == sorted(seen) for seen in phases.values()), phases


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
