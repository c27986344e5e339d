"""Clips: remembers the last that each source gave, and writes it down round an event. Never in a pipeline's way."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from edged.errors import EdgedError
from edged.messages.event import Phase
from edged.messages.health import State
from edged.messages.sound import Chunk
from edged.messages.vision import Frame
from edged.messages.wire import EventMessage
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.flow import Interruption
from edged.runtime.health import Part
from edged.runtime.withheld import Withheld
from edged.sinks.clips.clip import Content
from edged.sinks.clips.config import ClipsConfig
from edged.sinks.clips.picture_ring import PictureRing
from edged.sinks.clips.sound_ring import SoundRing
from edged.sinks.clips.store import Store
from edged.sinks.clips.watched import Watched
from edged.sinks.clips.without_voice import WithoutVoice

TICK_S = 0.25
SWEEP_S = 60.0
"""Age and free disk are looked at so often, and a disk that failed is tried again."""
LATE_S = 10.0
"""The writer may be behind by so much before a longest clip loses its beginning."""
MOST_MESSAGES = 1000
"""That may wait for the writer; more are dropped and counted."""
MOST_WATCHED = 100
"""Events that may be on at a time; no clip is kept of more."""

log = logging.getLogger(__name__)


class Recorder(Protocol):
    """The last that a source gave; Unix times."""

    @property
    def until_s(self) -> float:
        """Everything before is there, or was too long ago."""
        ...

    def add(self, item: Any) -> None:
        """What the source gives now."""
        ...

    def cut(self, from_s: float, until_s: float) -> list[Content]:
        """What is there of that time."""
        ...


class Clips:
    """A follower of the outbox. Its thread writes; another one for each source remembers."""

    def __init__(
        self,
        config: ClipsConfig,
        sources: Mapping[str, str],
        health: Part,
        clock: Callable[[], float] = time.monotonic,
        unix_s: Callable[[], float] = time.time,
        erased: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """``sources``: what each pipeline listens to or looks through; of others there are no clips.

        ``erased``: who was erased from the gallery, by id; clips of them go within ``SWEEP_S``.
        """
        self.store = Store(config, health, unix_s)
        """What is kept."""
        self._config, self._sources, self._health, self._clock = config, sources, health, clock
        self._erased = erased
        self._recorders: dict[str, Recorder] = {}
        self._ended: list[Recorder] = []
        self._watched: dict[str, tuple[Watched, Recorder]] = {}
        self._messages: queue.Queue[tuple[EventMessage, str, Recorder]] = queue.Queue(MOST_MESSAGES)
        self._opened, self._swept_s = False, float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)

    def hear(
        self,
        source: str,
        chunks: BoundedQueue[Chunk],
        rate_hz: int = 16000,
        lookers: Callable[[], Collection[Withheld]] = tuple,
    ) -> None:
        """Remember what a source gives to be heard, until the queue ends; not what ``lookers`` withhold."""
        ring = SoundRing(self._config.max_s + LATE_S, rate_hz)
        self._remember(source, WithoutVoice(ring, lookers, rate_hz), chunks)

    def see(self, source: str, frames: BoundedQueue[Frame]) -> None:
        """Remember what a camera sees, until the queue ends."""
        config = self._config
        ring = PictureRing(config.max_s + LATE_S, config.picture_fps, config.picture_side_px)
        self._remember(source, ring, frames)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def __call__(self, message: EventMessage) -> None:
        """An event that is to be kept. Returns at once."""
        source, known = self._sources.get(message.pipeline, ""), self._watched.get(message.id)
        if recorder := known[1] if known else self._recorders.get(source):  # another one may have its name later
            try:
                self._messages.put_nowait((message, source, recorder))
            except queue.Full:
                self._health.count("dropped")

    def use(self, config: ClipsConfig) -> None:
        """From now on with these limits and rolls; the folder, the key and what is remembered stay."""
        self.store.use(config)
        self._config, self._swept_s = config, float("-inf")

    def stop(self, limit_s: float) -> None:
        """Write what there is of the events that are on, in so much time."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def step(self) -> None:
        """What is done every ``TICK_S``: take messages, write the clips that are complete."""
        now_s = self._clock()
        if now_s - self._swept_s >= SWEEP_S:
            self._swept_s = now_s
            self._on_disk(self._tend)
            self._forget_ended()
        while not self._messages.empty():
            self._take(*self._messages.get_nowait(), now_s)
        for watched, recorder in tuple(self._watched.values()):
            if self._stopping.is_set() or watched.due(recorder.until_s, now_s):
                del self._watched[watched.id]
                self._write(watched, recorder)

    def _run(self) -> None:
        stopped = False
        while not stopped:
            stopped = self._stopping.wait(TICK_S)
            try:
                self.step()
            except Exception:  # a bug costs a clip, not the box
                log.exception("clips: writing failed")

    def _take(self, message: EventMessage, source: str, recorder: Recorder, now_s: float) -> None:
        if known := self._watched.get(message.id):
            known[0].add(message, now_s)
        elif message.phase is Phase.START and len(self._watched) < MOST_WATCHED:
            self._watched[message.id] = Watched(message, source, self._config, now_s), recorder
        elif message.phase is Phase.START:
            self._health.count("dropped")
        elif message.phase is Phase.END:  # of one that was longer than its clip
            self._on_disk(lambda: self.store.add_end(message))

    def _write(self, watched: Watched, recorder: Recorder) -> None:
        contents = recorder.cut(watched.from_s, watched.until_s)
        if not contents:
            self._health.count("not_recorded")
        elif self._on_disk(lambda: self._keep(watched, contents)):
            self._health.count("written")
        else:
            self._health.count("dropped")

    def _keep(self, watched: Watched, contents: list[Content]) -> None:
        if not self._opened:
            self._tend()
        self.store.keep(watched.source, watched.messages, contents)

    def _tend(self) -> None:
        if not self._opened:
            self.store.open()
            self._opened = True
        if gone := self.store.forget(self._erased()):
            log.info("clips deleted, whom they are about was erased", extra={"clips": gone})
        self.store.sweep()

    def _on_disk(self, work: Callable[[], None]) -> bool:
        """Whether it was done; where not, health says why until it can be done again."""
        try:
            work()
        except OSError as error:
            self._fails(f"{error.filename or self._config.folder}: {error.strerror}; make room, or see to the disk")
        except EdgedError as error:
            self._fails(str(error))
        else:
            self._health.set(State.OK)
            return True
        return False

    def _fails(self, why: str) -> None:
        if self._health.state is not State.DEGRADED:
            log.warning("clips are not kept", extra={"reason": why})
        self._health.set(State.DEGRADED, why)

    def _forget_ended(self) -> None:
        """What sources that are gone gave; clips of events that were on then have it still."""
        while self._ended:
            ended = self._ended.pop()
            for source in [name for name, recorder in self._recorders.items() if recorder is ended]:
                del self._recorders[source]

    def _remember(self, source: str, recorder: Recorder, items: BoundedQueue[Any]) -> None:
        self._recorders[source] = recorder
        name = f"clips-{source}"
        threading.Thread(target=self._follow, args=(recorder, items), name=name, daemon=True).start()

    def _follow(self, recorder: Recorder, items: BoundedQueue[Any]) -> None:
        for item in items:
            try:
                if not isinstance(item, Interruption):
                    recorder.add(item)
            except Exception:  # a picture that cannot be encoded, say: the next one may be
                self._health.count("faults")
        self._ended.append(recorder)
