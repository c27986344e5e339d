"""Sounds: drones fly over the virtual microphone, one after the other, each noted."""

import random
import threading
import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from edged.messages.sound import Samples
from edged.synthesis import FlyOver, fly_over
from tests.virtual_microphone import RATE_HZ, VirtualMicrophone

PASS_S = 9.0
QUIET_S = 2.5
"""Before and after the drone is heard."""
SLACK_S = 0.3
"""A pass that is then still on was not played at the pace of sound."""
REST_S = (3.0, 6.0)
"""Between two passes; edged rests for a second after an event has ended, two after the last window."""
SEEDS = 8
WIND = 0.003
"""Root mean square."""


@dataclass(slots=True)
class Pass:
    """A drone flew over."""

    began_s: float
    ended_s: float
    heard: bool = False
    excuse: str = ""
    """Why it need not have been heard: a fault, or a machine that is too slow for the soak."""


@lru_cache(maxsize=SEEDS)
def drone(seed: int) -> Samples:
    """One pass."""
    return fly_over(FlyOver(duration_s=PASS_S, quiet_s=QUIET_S, fade_s=0.5, seed=seed))


@lru_cache(maxsize=1)
def wind() -> Samples:
    """Ten seconds of it."""
    return np.random.default_rng(0).normal(0.0, WIND, 10 * RATE_HZ).astype(np.float32)


class Sounds:
    """Plays passes on a thread of its own until it is stopped; the first call of ``go_on`` begins."""

    def __init__(self, microphone: VirtualMicrophone, seed: int) -> None:
        self.passes: list[Pass] = []
        self._microphone, self._random = microphone, random.Random(seed)
        self._may_play, self._stopping = threading.Event(), threading.Event()
        self._changing = threading.Lock()
        self._thread = threading.Thread(target=self._play, name="sounds", daemon=True)

    def start(self) -> None:
        """Only wind at first."""
        self._microphone.play(wind(), loop=True)
        self._thread.start()

    def hold(self) -> None:
        """No more passes; the one that is on is cut off by whatever the microphone hears next."""
        with self._changing:
            self._may_play.clear()

    def go_on(self) -> None:
        """Wind and passes (again)."""
        with self._changing:
            self._microphone.play(wind(), loop=True)
            self._may_play.set()

    def stop(self) -> None:
        """Nothing but wind; returns when the pass that is on is over."""
        self._stopping.set()
        self._may_play.set()
        self._thread.join(PASS_S + 1.0)

    def _note_if_late(self, last: Pass) -> None:
        if self._microphone.playing:
            last.excuse = "this machine was too slow to play it"

    def _play(self) -> None:
        while not self._stopping.wait(self._random.uniform(*REST_S)):
            self._may_play.wait()
            with self._changing:
                if self._stopping.is_set() or not self._may_play.is_set():
                    continue
                self._microphone.play(drone(self._random.randrange(SEEDS)))
                now_s = time.time()
                self.passes.append(Pass(now_s, now_s + PASS_S))
            time.sleep(PASS_S + SLACK_S)  # to its end, whoever stops us
            with self._changing:
                if self._may_play.is_set():
                    self._note_if_late(self.passes[-1])
                    self._microphone.play(wind(), loop=True)
