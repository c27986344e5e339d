"""Capture: the thread that reads one source into the queues of the pipelines that listen to it."""

import logging
import random
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from typing import Generic, Protocol, TypeVar

from edged.errors import DeviceLostError, EdgedError
from edged.messages.health import State
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.health import Part

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

STALL_S = 3.0
"""A source that gives nothing for so long is lost (promise: noticed within 5 s); opening it may take longer."""
BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Waits between tries to open a lost source; the last one for ever. Each is drawn from 50 % to 100 % of it."""
MOST_LEFT_BEHIND = 8
"""A thread whose read never returns is left behind and another one opens the source; no more than so many at a time."""

log = logging.getLogger(__name__)


class Source(Protocol[T_co]):
    """Something that can be opened and read, again and again."""

    def stream(self) -> Generator[T_co | None, None, None]:
        """Open the source and yield its items; None says "nothing yet" and comes at least every second.

        Ends where the source ends for good; raises DeviceLostError where it may come back. Closing the iterator closes
        the source.
        """
        ...


class Capture(Generic[T]):
    """Reads a source on a thread of its own, opens it again with back-off when it is lost, and says how it is."""

    def __init__(
        self,
        name: str,
        source: Source[T],
        health: Part,
        inspect: Callable[[T], T] = lambda item: item,
        opening_s: float = STALL_S,
    ) -> None:
        """``inspect`` sees each item first, on the capture thread; it may mend it, or find the source lost.

        ``opening_s``: how long it may take until the source gives the first item; health says so after ``STALL_S``.
        """
        self.name = name
        self._source, self._health, self._inspect, self._opening_s = source, health, inspect, opening_s
        self._queues: list[BoundedQueue[T]] = []
        self._stopping = threading.Event()
        self._tries = 0  # to open the source, since it last gave something
        self._opening = True  # it has given nothing since it was opened
        self._thread = self._make_thread()
        self._left_behind: list[threading.Thread] = []
        self._alive_at = time.monotonic()

    def subscribe(
        self, capacity: int, mark_gap: Callable[[T], T] = lambda item: item, counter: str = "dropped"
    ) -> BoundedQueue[T]:
        """A queue that gets every item from now on; what it must drop is counted in the source's health.

        Of video the latest frame wins: ``subscribe(1, counter="skipped")``.
        """
        took = partial(self._health.took, "queue")
        queue = BoundedQueue[T](capacity, lambda _: self._health.count(counter), mark_gap, took)
        self._queues.append(queue)
        return queue

    def unsubscribe(self, queue: BoundedQueue[T]) -> bool:
        """No more for that queue; whoever iterates over it comes to its end. False: it was not one of these."""
        if queue not in self._queues:
            return False
        self._queues.remove(queue)
        queue.close()
        return True

    @property
    def wanted(self) -> bool:
        """Whether anybody has a queue here."""
        return bool(self._queues)

    def start(self) -> None:
        """Begin to read."""
        self._alive_at = time.monotonic()
        self._thread.start()

    @property
    def running(self) -> bool:
        """False once the source has ended for good."""
        return self._thread.is_alive()

    def end(self) -> None:
        """Begin to stop; :meth:`stop` waits for it."""
        self._stopping.set()

    def stop(self, limit_s: float) -> None:
        """Stop reading, waiting ``limit_s`` at most: a device driver may hold its read for ever."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(limit_s)
        for queue in tuple(self._queues):
            queue.close()
        if any(thread.is_alive() for thread in (*self._left_behind, self._thread)):
            log.warning("source does not return from its read; left behind", extra={"source": self.name})

    @property
    def stuck(self) -> bool:
        """As many reads never returned as may: only a new process opens the source again."""
        return sum(thread.is_alive() for thread in self._left_behind) >= MOST_LEFT_BEHIND

    def check(self) -> None:
        """Called from the main thread: notice a read that does not return, leave it behind and open the source anew."""
        stalled_s = time.monotonic() - self._alive_at
        if self.running and stalled_s > STALL_S:
            self._left_behind = [thread for thread in self._left_behind if thread.is_alive()]
            self._lost(f"a read has not returned for {stalled_s:.0f} s")
            if stalled_s > self._patience_s and len(self._left_behind) < MOST_LEFT_BEHIND:
                self._left_behind.append(self._thread)
                self._tries = len(self._left_behind)
                self._thread = self._make_thread()
                self.start()

    @property
    def _patience_s(self) -> float:
        return self._opening_s if self._opening else STALL_S

    def _make_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name=f"capture-{self.name}", daemon=True)

    def _over(self) -> bool:
        """Whether this thread has nothing more to do: all is to stop, or it was left behind."""
        return self._stopping.is_set() or threading.current_thread() is not self._thread

    def _run(self) -> None:
        while not self._over():
            if self._tries:
                self._wait(BACK_OFF_S[min(self._tries, len(BACK_OFF_S)) - 1])
            if self._over() or not self._read():
                break
            self._tries += 1
        if threading.current_thread() is self._thread:
            for queue in tuple(self._queues):
                queue.close()

    def _read(self) -> bool:
        """Open the source and pass on what it gives, to its end. True: it may come back; False: that was all."""
        self._opening = True
        try:
            for item in self._watched(self._source.stream()):
                self._pass_on(item)
        except DeviceLostError as fault:
            self._lost(str(fault))
            return True
        except EdgedError as fault:  # it would be the same again
            self._lost(str(fault))
            return False
        except Exception as fault:  # a driver's own error: the source may come back, the box goes on
            if self._health.state is not State.FAILING:
                log.exception("source failed", extra={"source": self.name})
            self._lost(repr(fault))
            return True
        if not self._over():
            self._health.set(State.OFF, "ended")
        return False

    def _watched(self, items: Generator[T | None, None, None]) -> Generator[T, None, None]:
        """The items themselves, until it is time to stop; DeviceLostError when none comes in time."""
        last = time.monotonic()
        with closing(items):
            for item in items:
                if self._over():
                    return
                self._alive_at = now = time.monotonic()
                if item is not None:
                    last = now
                    yield item
                elif now - last > self._patience_s:
                    fault = DeviceLostError(f"gave nothing for {now - last:.1f} s")
                    self._lost(str(fault))  # said before it is closed, which may take its time too
                    raise fault

    def _pass_on(self, item: T) -> None:
        self._opening = False
        item = self._inspect(item)  # first: what it finds to be lost has not come back
        self._tries = 0
        if self._health.state is State.FAILING:
            log.info("source is back", extra={"source": self.name})
        self._health.set(State.OK)
        for queue in tuple(self._queues):
            queue.put(item)

    def _lost(self, reason: str) -> None:
        """Say so, unless it is said by a thread that was left behind and is no longer asked."""
        if threading.current_thread() in self._left_behind:
            return
        if self._health.state is not State.FAILING:
            log.warning("source lost", extra={"source": self.name, "reason": reason})
            self._health.count("lost")
        self._health.set(State.FAILING, reason.partition("\n")[0])
        for queue in tuple(self._queues):
            queue.interrupt()

    def _wait(self, longest_s: float) -> None:
        """Sleep a random part of ``longest_s`` (so that boxes do not march in step), awake to a stop."""
        until = time.monotonic() + longest_s * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret
        while (left := until - time.monotonic()) > 0 and not self._stopping.wait(min(left, 0.5)) and not self._over():
            self._alive_at = time.monotonic()
