"""WithoutVoice: a ring of sound that never holds what somebody withholds, such as the time in which people talk.

Sound waits outside until those who look at it have said how far they are; where one of them has marked it, silence goes
into the ring in its place. What nobody has spoken of in time is not kept: a pipeline that has stopped, or hangs, or a
clock that jumps, leaves silence in the clips and never a voice.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from edged.messages.sound import Chunk
from edged.runtime.withheld import Withheld
from edged.sinks.clips.clip import Content
from edged.sinks.clips.sound_ring import SoundRing

WAITS_S = 15.0
"""Sound waits for so long at most, as a pipeline's own queue does; then it is gone."""
MOST_WAITING = 3000
"""Chunks that wait at most, whatever their times say."""


class Waiting(NamedTuple):
    """A chunk, and who has to look at it first, each with the number of the last word they had said when it came."""

    chunk: Chunk
    lookers: tuple[tuple[Withheld, int], ...]

    @property
    def until_s(self) -> float:
        """Unix time."""
        return self.chunk.span.epoch_s + self.chunk.span.end_s

    @property
    def cleared(self) -> bool:
        """Whether all of them have spoken since, and of this time: not before it, nor of one that is far from it."""
        words = [(looker.word, number) for looker, number in self.lookers]
        return all(
            word.number > number and self.until_s <= word.until_s <= self.until_s + WAITS_S for word, number in words
        )


class WithoutVoice:
    """A recorder of clips round a :class:`SoundRing`. Thread-safe."""

    def __init__(self, ring: SoundRing, lookers: Callable[[], Collection[Withheld]], rate_hz: int = 16000) -> None:
        """``lookers``: those who look at the source now; without any, everything is kept."""
        self._ring, self._lookers, self._rate_hz = ring, lookers, rate_hz
        self._waiting: deque[Waiting] = deque(maxlen=MOST_WAITING)
        self._lock = threading.Lock()

    @property
    def until_s(self) -> float:
        """Unix time until when there is what may be kept."""
        with self._lock:
            self._release()
        return self._ring.until_s

    def add(self, chunk: Chunk) -> None:
        """Hear on."""
        lookers = tuple((looker, looker.word.number) for looker in self._lookers())
        with self._lock:
            self._waiting.append(Waiting(chunk, lookers))
            self._release()

    def cut(self, from_s: float, until_s: float) -> list[Content]:
        """What was heard between two Unix times and may be kept, silence in place of the rest: one file, or none."""
        with self._lock:
            self._release()
        return self._ring.cut(from_s, until_s)

    def _release(self) -> None:
        """Into the ring, in order, what may be; too long waited is waited in vain."""
        newest_s = self._waiting[-1].until_s if self._waiting else 0.0
        while self._waiting:
            if self._waiting[0].cleared:
                self._ring.add(self._silenced(self._waiting.popleft()))
            elif abs(newest_s - self._waiting[0].until_s) > WAITS_S:
                self._waiting.popleft()
            else:
                return

    def _silenced(self, waiting: Waiting) -> Chunk:
        chunk, samples = waiting.chunk, waiting.chunk.samples.copy()
        at_s = waiting.chunk.span.epoch_s + chunk.span.start_s
        for looker, _ in waiting.lookers:
            for mark_from_s, mark_until_s in looker.within(at_s, waiting.until_s):
                begin, end = ((limit_s - at_s) * self._rate_hz for limit_s in (mark_from_s, mark_until_s))
                samples[max(0, int(np.floor(begin))) : max(0, int(np.ceil(end)))] = 0.0
        return replace(chunk, samples=samples)
