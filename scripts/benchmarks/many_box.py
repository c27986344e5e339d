"""Many cameras and microphones on one accelerator: the real chains, threads and models; the device is a stand-in."""

import os
import resource
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks import chain, faces_chain, sounds
from benchmarks.faces_data import catalogue, empty_frame
from benchmarks.inference_device import Device, device
from edged.errors import StaleError
from edged.inference.cpu_model import CpuModel
from edged.inference.model import Model
from edged.inference.turns import of_the_cpu
from edged.inference.work import VIDEO_NICE, Rank, Terms, Work
from edged.messages.vision import Picture
from edged.pipelines.faces import FaceModels, FacesConfig, face_models
from tests.inference.edgetpu.stand_in import add_twin, copy_model, host_pids

MICROPHONES = 2
WINDOW_S = 0.05
"""A microphone's window comes so often: five times as often as in earnest, for the sake of many times in short time."""
cv2.setNumThreads(1)  # as a box with cameras does
FRAME_S = 1.0
"""A frame is dropped after so long, as on a box."""
SETTLE_S = 1.0
"""All sources are at work after so long; where less is measured, no longer than that."""
ON_DEVICE = FacesConfig(detector="face_blaze_front", landmarks=None)
"""The default detector leaves the shapes of its outputs open, which no device can do."""


@dataclass
class Found:
    """What came of some seconds."""

    seconds: float = 0.0
    frames: Counter[str] = field(default_factory=Counter)
    """Seen to their end, by camera."""
    stale: Counter[str] = field(default_factory=Counter)
    """Dropped, by camera."""
    sound_s: list[float] = field(default_factory=list)
    """From a window's last chunk to its end in the chain."""
    cpu_s: float = 0.0
    """Processor time of this process and of the device's host."""

    @property
    def sound_p99_ms(self) -> float:
        """Of the times of sound."""
        return float(np.quantile(self.sound_s, 0.99)) * 1e3


class Clocked:
    """Something that comes at its own pace; what nobody took in time is gone."""

    def __init__(self, period_s: float, stop: threading.Event) -> None:
        self._period_s, self._stop = period_s, stop
        self._next_s = time.monotonic() + np.random.default_rng().uniform(0, period_s)

    def __iter__(self) -> Iterator[float]:
        while not self._stop.wait(max(0.0, self._next_s - time.monotonic())):
            late_s = max(0.0, time.monotonic() - self._next_s)
            self._next_s += self._period_s * (1 + late_s // self._period_s)
            yield self._next_s

    def newer(self) -> bool:
        """Whether another one has come."""
        return time.monotonic() >= self._next_s


class Box:
    """Models that all sources share."""

    def __init__(self, models: FaceModels, sound: Model) -> None:
        self._models, self._sound = models, sound

    def run(self, cameras: int, seconds: float, fps: float, picture: Picture | None = None) -> Found:
        """So many cameras and the microphones; a camera gives ``fps`` frames a second, and the latest counts."""
        now, stop = Found(), threading.Event()
        picture = empty_frame() if picture is None else picture
        looking = [partial(self._look, f"camera{n}", picture, 1 / fps, now, stop) for n in range(cameras)]
        listening = [partial(self._listen, f"microphone{n}", now, stop) for n in range(MICROPHONES)]
        threads = [threading.Thread(target=each) for each in (*looking, *listening)]
        for thread in threads:
            thread.start()
        time.sleep(min(SETTLE_S, seconds))
        before = Found(time.monotonic(), now.frames.copy(), now.stale.copy(), now.sound_s.copy(), _cpu_s())
        time.sleep(seconds)
        after = Found(time.monotonic(), now.frames.copy(), now.stale.copy(), now.sound_s.copy(), _cpu_s())
        stop.set()
        for thread in threads:
            thread.join()
        return _between(before, after)

    def _look(self, name: str, picture: Picture, period_s: float, found: Found, stop: threading.Event) -> None:
        camera = Clocked(period_s, stop)
        work = Work(
            name,
            Rank.VIDEO,
            terms=lambda: Terms(lasts_s=FRAME_S),
            newer=camera.newer,
            on_stale=lambda: found.stale.update([name]),
            nice=VIDEO_NICE,
        )
        pipeline = faces_chain.Chain(self._models, picture)
        for _ in work.items(camera):
            try:
                pipeline.step()
            except StaleError:
                continue
            found.frames[name] += 1

    def _listen(self, name: str, found: Found, stop: threading.Event) -> None:
        pipeline = chain.Chain(self._sound, sounds.drone())
        for _ in Work(name, Rank.SOUND).items(Clocked(WINDOW_S, stop)):
            began_s = time.perf_counter()
            pipeline.step()
            found.sound_s.append(time.perf_counter() - began_s)


@contextmanager
def on_device(slow_ms: int, deadline_ms: float = 500) -> Iterator[tuple[Box, Device]]:
    """All models on the stand-in, which takes ``slow_ms`` longer for each inference than this machine's processor."""
    with device(deadline_ms=deadline_ms) as it:
        turns = of_the_cpu()

        def attach(name: str) -> Model:
            cpu = CpuModel(add_twin(copy_model(catalogue().folder(name), it.folder / name)))
            cpu.take_turns(turns)
            cpu.warm_up()
            return it.attach(cpu)

        models, sound = face_models(ON_DEVICE, attach), attach(chain.MODEL)
        it.start(models.detector, sound)
        it.stand_in.fault(slow=slow_ms)
        yield Box(models, sound), it


@contextmanager
def on_cpu() -> Iterator[Box]:
    """All models on the CPU."""
    turns = of_the_cpu()

    def load(name: str) -> Model:
        cpu = catalogue().load(name)
        cpu.take_turns(turns)
        cpu.warm_up()
        return cpu

    yield Box(face_models(FacesConfig(), load), load(chain.MODEL))


def jain(shares: list[int]) -> float:
    """Of Jain, Chiu and Hawe (1984): 1 where all have the same, 1 / n where one has it all."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


def _between(before: Found, after: Found) -> Found:
    return Found(
        after.seconds - before.seconds,
        after.frames - before.frames,
        after.stale - before.stale,
        after.sound_s[len(before.sound_s) :],
        after.cpu_s - before.cpu_s,
    )


def _cpu_s() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    hosts_s = 0.0
    for pid in host_pids():
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        hosts_s += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own.ru_utime + own.ru_stime + hosts_s
