"""Waiting: what the broker has not acknowledged yet: numbered, replaced, given out, dropped. Not thread-safe."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edged.messages.event import Event, Phase
from edged.messages.wire import EventMessage, GapMessage, event_message
from edged.outbox.bounds import Room, drop_aged
from edged.outbox.clock import Clock, Moment, marked
from edged.outbox.config import OutboxConfig
from edged.outbox.cut_short import cut_short
from edged.outbox.gaps import merged
from edged.outbox.lanes import Lanes
from edged.outbox.outgoing import Outgoing, outgoing
from edged.outbox.row import Row
from edged.outbox.shelf import Shelf
from edged.outbox.store import Store
from edged.outbox.written import Written
from edged.runtime.health import Part
from edged.runtime.machine import disk_written_bytes

MOST_ON = 1000
"""Events of which the waiting update is known, to be replaced by the next."""
MEMORY_BYTES = 16 * 2**20
"""What may wait in memory while the disk cannot be written; about 16,000 messages."""
CATCH_UP_S = 0.1
"""What was waited for too long between messages of the backlog is made up for, up to this."""
DAY_S = 86400.0

Settled = tuple[int, str]
"""A number, and why the broker refused it; empty: it was acknowledged."""


class Waiting:
    """The store, the lanes through it, and what is under way."""

    def __init__(self, path: Path | None, config: OutboxConfig, health: Part, clock: Clock) -> None:
        self._path, self._config, self._health, self._clock = path, config, health, clock
        self._shelf = Shelf(path, health, clock.now().unix_s)
        self._begun_above = self._shelf.last_seq
        self._lanes = Lanes()
        self._handed: set[int] = set()  # under way, or settled and not yet deleted
        self._replaceable: dict[str, int] = {}  # the update of an event that nobody was given yet
        self._backlog_free_s = float("-inf")
        self._written = Written()
        self._knows_on = self._shelf.store
        self._cut_short = self._shelf.store.on_now()
        self._on: dict[str, str] = {}  # the last message of each event that is on
        self._start_over()
        self.dropped = 0
        """For want of room or because of their age."""

    def __len__(self) -> int:
        return self._shelf.store.count

    def accept(self, events: Sequence[tuple[Event, Moment]], settled: Sequence[Settled]) -> list[EventMessage]:
        """Commit new events, and the end of what is settled; returns the new events' messages."""
        if not events and not settled:
            return []
        last_seq = self._shelf.last_seq
        return self._commit([self._row(event, accepted) for event, accepted in events], settled, last_seq)

    def end_cut_short(self) -> list[EventMessage]:
        """End the events that were on when edged was killed, with their last known moment; returns the messages."""
        bodies, self._cut_short = list(self._cut_short.values()), {}
        last_seq, rows = self._shelf.last_seq, []
        for body in bodies:
            if end := cut_short(body, self._shelf.last_seq + 1, self._clock.now()):
                self._shelf.last_seq += 1
                rows.append(end)
        return self._commit(rows, (), last_seq) if bodies else []

    def _commit(self, rows: Sequence[Row], settled: Sequence[Settled], last_seq: int) -> list[EventMessage]:
        """``last_seq``: the number before the rows; at or below it they replace others."""
        began_s = time.monotonic()
        self._keep_on(rows)
        self._write(lambda store: self._put(store, rows, settled, last_seq))
        if rows:
            self._health.took("commit", time.monotonic() - began_s)
        self._handed.difference_update(seq for seq, _ in settled)
        for row in rows:
            self._lanes.add(row, last_seq)
            last_seq = max(last_seq, row.seq)
            if row.message and not row.message.cut_short:
                self._health.took("accepted", row.message.latency_ms["total"] / 1e3)
        return [row.message for row in rows if row.message]

    def next(self) -> Outgoing | None:
        """The next message to be sent; None: nothing now, perhaps at ``backlog_free_s``."""
        try:
            while row := self._next_row():
                self._handed.add(row.seq)
                if self._replaceable.get(row.event) == row.seq:
                    del self._replaceable[row.event]
                if message := outgoing(row, self._clock.now(), waited=row.seq <= self._begun_above):
                    return message
                self.accept((), [(row.seq, "cannot be read: the disk gave back something else than was written")])
        except sqlite3.Error as error:
            self._shelf.leave_disk(error, self._clock.now().unix_s)
            self._start_over()
        return None

    @property
    def backlog_free_s(self) -> float | None:
        """From when on (monotonic) the backlog has its turn again; None: there is none."""
        return self._backlog_free_s if self._lanes.has_backlog else None

    def reconnected(self) -> None:
        """What was accepted until now has waited."""
        self._lanes.draw_border(self._shelf.last_seq)
        self._replaceable.clear()  # what is live must not hide in what waited

    def put_back(self, seq: int) -> None:
        """It was not sent after all: it is given out again, in its order."""
        self._handed.discard(seq)
        self._lanes.put_back(seq)

    def gaps(self) -> GapMessage | None:
        """What was numbered and will never come; None: nothing."""
        gone = self._shelf.store.gone()
        if not gone:
            return None
        return GapMessage(ranges=[(one.first, one.last) for one in gone], dropped=sum(one.dropped for one in gone))

    def forget_gaps(self, told: GapMessage) -> None:
        """They were told; what has grown since stays."""

        def forget(store: Store) -> list[int]:
            store.set_gone([one for one in store.gone() if one[:2] not in told.ranges])
            return []

        self._write(forget)

    def tend(self) -> None:
        """What is done every few seconds: try a disk that failed, drop what is too old, tell health."""
        now, shelf = self._clock.now(), self._shelf
        if shelf.in_memory and shelf.return_to_disk(now.unix_s):
            self._start_over()
        self._write(self._drop_aged)
        self._health.show("waiting", len(self))
        if self._path and (written := disk_written_bytes(self._path)) is not None:
            self._health.show("disk_written_bytes_24h", self._written.last_day(written, now.monotonic_s))

    def use(self, config: OutboxConfig) -> None:
        """From now on with these limits; what is too much goes with the next commit, what is too old when tended."""
        self._config, self._room = config, Room()

    def close(self) -> None:
        """What was committed stays."""
        self._shelf.store.close()

    def _next_row(self) -> Row | None:
        now_s, last_seq = time.monotonic(), self._shelf.last_seq
        row = self._lanes.next_live(self._shelf.store, self._handed, last_seq)
        if row is None and now_s >= self._backlog_free_s:
            row = self._lanes.next_backlog(self._shelf.store, self._handed)
            self._backlog_free_s = max(self._backlog_free_s, now_s - CATCH_UP_S) + 1 / self._config.drain_per_s
        return row

    def _row(self, event: Event, accepted: Moment) -> Row:
        """The message of an event, with the number of the update that it replaces or else the next."""
        seq = self._replaceable.pop(event.id, 0)
        if not seq or event.phase is not Phase.UPDATE:
            self._shelf.last_seq += 1
            seq = self._shelf.last_seq
        if event.phase is Phase.UPDATE and len(self._replaceable) < MOST_ON:
            self._replaceable[event.id] = seq
        message = marked(event_message(event, seq, accepted.unix_s), accepted)
        return Row(seq, event.id, event.phase, accepted, message.model_dump_json(), message)

    def _put(self, store: Store, rows: Sequence[Row], settled: Sequence[Settled], last_seq: int) -> list[int]:
        """``last_seq``: the number before them; at or below it they replace others."""
        now_s, refused = self._clock.now().unix_s, [(seq, reason) for seq, reason in settled if reason]
        store.note_on(rows)
        store.add([row for row in rows if row.seq > last_seq])
        for row in rows:
            if row.seq <= last_seq:
                store.put(row)
        for seq, reason in refused:
            store.refuse(seq, reason, now_s)
        self._shelf.forget([seq for seq, _ in settled])
        limit = self._config.max_bytes if store.on_disk else min(self._config.max_bytes, MEMORY_BYTES)
        dropped = self._room.make(store, rows, limit, self._handed)
        note_gone(store, [*dropped, *(seq for seq, _ in refused)])
        return dropped

    def _drop_aged(self, store: Store) -> list[int]:
        dropped = drop_aged(store, self._config.max_age_days * DAY_S, self._clock.now(), self._handed)
        note_gone(store, dropped)
        return dropped

    def _keep_on(self, rows: Sequence[Row]) -> None:
        """So that another store can know it too."""
        for row in rows:
            self._on.pop(row.event, None)
            if row.phase != Phase.END:
                self._on[row.event] = row.body
        while len(self._on) > MOST_ON:
            del self._on[next(iter(self._on))]

    def _write(self, work: Callable[[Store], list[int]]) -> None:
        """Do that on the store; what it says was dropped is counted."""

        def with_what_is_on(store: Store) -> list[int]:
            if store is not self._knows_on:  # another one has been written since
                store.set_on(self._cut_short | self._on)
            return work(store)

        before = self._shelf.store
        dropped = self._shelf.write(with_what_is_on, self._clock.now().unix_s)
        if self._shelf.store is not before:
            self._start_over()
        self._knows_on = self._shelf.store
        if dropped:
            self.dropped += len(dropped)
            self._health.count("dropped", len(dropped))
            self._lanes.forget(dropped)
            gone = set(dropped)
            self._replaceable = {event: seq for event, seq in self._replaceable.items() if seq not in gone}

    def _start_over(self) -> None:
        """The store is another one: whatever it holds has waited."""
        self._lanes.start_over(self._shelf.last_seq)
        self._room = Room()
        self._replaceable.clear()


def note_gone(store: Store, seqs: Sequence[int]) -> None:
    """Remember that these will never be sent."""
    if seqs:
        store.set_gone(merged(store.gone(), seqs))
