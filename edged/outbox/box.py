"""Outbox: takes events in, keeps them until the broker has acknowledged them, gives them out in order."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from edged.messages.event import Event, Phase
from edged.messages.wire import EventMessage, GapMessage
from edged.outbox.batch import newest, taken
from edged.outbox.clock import Clock, Moment
from edged.outbox.config import OutboxConfig
from edged.outbox.outgoing import Outgoing
from edged.outbox.turns import Turns
from edged.outbox.waiting import Settled, Waiting
from edged.runtime.health import Part
from edged.runtime.watchdog import Pulse

MOST_PENDING = 1000
"""Updates that may wait for a commit; then whoever brings one more commits them."""
TEND_S = 5.0
"""So often the disk is tried again, age is looked at and health told."""

COMMIT_LIMIT_S = 20.0
"""For one commit: an SD card that tidies up may take many seconds."""

Follower = Callable[[EventMessage], None]
log = logging.getLogger(__name__)


class Outbox:
    """Keeps events on disk, in order, without a hole in their numbers. Thread-safe.

    Starts and ends are on the disk when the call returns; updates follow within ``batch_s``, and of those that wait
    for the broker only the newest of each event is kept. What is kept is then told to the followers, in order.
    """

    def __init__(
        self,
        path: Path | None = None,
        config: OutboxConfig | None = None,
        health: Part | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``path`` None: in memory alone. A disk that cannot be written is said in health and tried again."""
        self._config, self._clock = config or OutboxConfig(), clock or Clock()
        self._followers: list[Follower] = []
        self._tell: Callable[[], None] = lambda: None
        self._pending: deque[tuple[Event, Moment]] = deque()
        self._settled: deque[Settled] = deque()
        self._turns = Turns(self._flush)
        self._changed = threading.Condition()  # guards what waits; held while it is committed
        health = health or Part(time.monotonic, lambda: None)
        self._waiting = Waiting(path, self._config, health, self._clock)
        self._work, self._closing = threading.Event(), threading.Event()
        self._committer = threading.Thread(target=self._commit, name="outbox", daemon=True)
        self.pulse = Pulse(COMMIT_LIMIT_S)
        """Beats with each commit: see the watchdog."""
        self._committer.start()

    def __len__(self) -> int:
        """How many messages wait for the broker's word."""
        return max(0, len(self._waiting) + len(self._pending) - len(self._settled))

    @property
    def dropped(self) -> int:
        """Since the start, for want of room or because of their age."""
        return self._waiting.dropped

    def follow(self, follower: Follower) -> None:
        """From now on tell ``follower`` of each event, once it is kept and in order."""
        self._followers.append(follower)

    def when_there_is_more(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called when there is more to be taken, on whichever thread brought it. It returns at once."""
        self._tell = tell

    def __call__(self, event: Event) -> None:
        """Accept an event."""
        self._pending.append((event, self._clock.now()))
        if event.phase is not Phase.UPDATE or len(self._pending) > MOST_PENDING:
            self._turns.ask()
        else:
            self._work.set()

    def end_cut_short(self) -> None:
        """End what was on when edged was killed. Call it once, when all that follow do."""
        with self._changed:
            messages = self._waiting.end_cut_short()
            self._changed.notify_all()
        for message in messages:
            for follower in self._followers:
                follower(message)

    def reconnected(self) -> None:
        """The broker is there (again): what was accepted before has waited, and goes beside what is live."""
        with self._changed:
            self._waiting.reconnected()
            self._changed.notify_all()

    @property
    def backlog_free_in_s(self) -> float:
        """How long until what waited may be taken again; infinite where nothing did."""
        with self._changed:
            free_s = self._waiting.backlog_free_s
        return math.inf if free_s is None else max(0.0, free_s - time.monotonic())

    def take(self, timeout_s: float = 0.0) -> Outgoing | None:
        """The next message to be sent; None when there is none in time."""
        until_s = time.monotonic() + timeout_s
        with self._changed:
            while (message := self._waiting.next()) is None and (now_s := time.monotonic()) < until_s:
                free_s = self._waiting.backlog_free_s
                wake_s = until_s if free_s is None else min(until_s, free_s)
                self._changed.wait(max(0.0, wake_s - now_s))
            return message

    def acknowledge(self, seq: int) -> None:
        """The broker has it: forget it, with the next commit. Never blocks."""
        self.refuse(seq, "")

    def refuse(self, seq: int, reason: str) -> None:
        """The broker will never take it: put it aside with the reason, so that it does not block the rest."""
        self._settled.append((seq, reason))
        if not self._work.is_set():
            self._work.set()

    def put_back(self, seq: int) -> None:
        """The broker did not take it now: it is given out again, in its order."""
        with self._changed:
            self._waiting.put_back(seq)
            self._changed.notify_all()

    def gaps(self) -> GapMessage | None:
        """What was numbered and will never come; None: nothing. Say it once, then :meth:`forget_gaps`."""
        with self._changed:
            return self._waiting.gaps()

    def forget_gaps(self, told: GapMessage) -> None:
        """The broker has them; what has grown since stays."""
        with self._changed:
            self._waiting.forget_gaps(told)

    def use(self, config: OutboxConfig) -> None:
        """From now on keep and give away as ``config`` has it; the file stays where it is."""
        with self._changed:
            self._config = config
            self._waiting.use(config)
            self._changed.notify_all()

    def wait_until_empty(self, timeout_s: float) -> bool:
        """True when everything has been acknowledged in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not len(self), timeout_s)

    def close(self) -> None:
        """Commit what is pending and close the file; nothing may be accepted or taken any more."""
        self._closing.set()
        self._work.set()
        self._committer.join()
        self._turns.ask()
        self._waiting.close()

    def _flush(self) -> None:
        """Commit what is pending, then tell the followers: in order, as nobody else does it meanwhile."""
        with self._changed:
            messages = self._waiting.accept(newest(taken(self._pending)), taken(self._settled))
            self._changed.notify_all()
        if messages:
            self._tell()
        for message in messages:
            for follower in self._followers:
                follower(message)

    def _commit(self) -> None:
        """The committer's thread."""
        tended_s = time.monotonic()
        while not self._closing.is_set():
            self._work.wait(TEND_S)
            self._closing.wait(self._config.batch_s)
            self._work.clear()
            try:
                with self.pulse:
                    self._turns.ask()
                if time.monotonic() - tended_s >= TEND_S:
                    tended_s = time.monotonic()
                    self.tend()
            except Exception:  # a follower's bug costs a message, not the box
                log.exception("outbox: commit failed")

    def tend(self) -> None:
        """What is done every few seconds: try a disk that failed, drop what is too old, tell health."""
        with self._changed:
            self._waiting.tend()
            self._changed.notify_all()
