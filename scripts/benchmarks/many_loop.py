"""Cameras that ask one model as often as it answers, against the runtime alone in a loop."""

import threading
import time
from collections import Counter
from contextlib import ExitStack
from itertools import repeat
from typing import Self

import numpy as np

from benchmarks.inference_device import device
from benchmarks.inference_models import Make, drone_sound, question
from edged.inference.model import Model
from edged.inference.turns import of_the_cpu
from edged.inference.work import Rank, Work
from edged.vision import crop

MICROPHONES = 2
BARE = 40
"""Inferences of the bare loop, after each round."""


class Asking:
    """A thread for each source, which asks for as long as the context lasts."""

    def __init__(self, model: Model, cameras: int, sound: Model) -> None:
        self.answered: Counter[str] = Counter()
        self._stop = threading.Event()
        cpu = [threading.Thread(target=self._look, args=(model, f"camera{n}")) for n in range(cameras)]
        self._threads = cpu + [
            threading.Thread(target=self._listen, args=(sound, f"mic{n}")) for n in range(MICROPHONES)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _look(self, model: Model, name: str) -> None:
        picture = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
        for _ in Work(name).items(repeat(picture)):
            if self._stop.is_set():
                return
            model.run([crop(picture, (0, -80, 640, 560), (300, 300))[None]])
            self.answered[name] += 1

    def _listen(self, model: Model, name: str) -> None:
        for _ in Work(name, Rank.SOUND).items(repeat(None)):
            if self._stop.wait(0.5):
                return
            model.run(question(model))


def saturated(make: Make, cameras: int, rounds: int, seconds: float, slow_ms: int) -> list[float]:
    """Of each round: inferences in parts of those that the runtime alone does in the same time."""
    shares = []
    with device(deadline_ms=500) as it, ExitStack() as stack:
        cpus, turns = [make(it.folder), drone_sound(it.folder)], of_the_cpu()
        for cpu in cpus:
            cpu.take_turns(turns)
            cpu.warm_up()
        model, sound = (it.attach(cpu) for cpu in cpus)
        it.start(model, sound)
        bare = stack.enter_context(it.bare(*cpus))
        it.stand_in.fault(slow=slow_ms)
        for _ in range(rounds):
            with Asking(model, cameras, sound) as asking:
                time.sleep(0.3)
                before, began_s = asking.answered.total(), time.monotonic()
                time.sleep(seconds)
                count, took_s = asking.answered.total() - before, time.monotonic() - began_s
            alone_s = float(np.mean([whole_s for _, whole_s in bare.turn([0] * BARE)]))
            shares.append(count * alone_s / took_s)
    return shares
