"""Samples: the box's memory and file descriptors, once a second."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

EVERY_S = 1.0
CALM_S = 5.0
"""So long after a fault the box is at rest."""
PAGE = os.sysconf("SC_PAGESIZE")


class Sample(NamedTuple):
    """How the box was at one moment."""

    at_s: float
    life: int
    """Which start of the program this was, from 1."""
    rss_mb: float
    """Of ``edged run`` itself."""
    children_mb: float
    """Of the processes that it started."""
    fds: int
    calm: bool
    """No fault, and none for a while."""


class Sampler:
    """Takes them on a thread of its own."""

    def __init__(
        self, pid: Callable[[], int | None], life: Callable[[], int], quiet_for_s: Callable[[], float]
    ) -> None:
        self.all: list[Sample] = []
        self._pid, self._life, self._quiet_for_s = pid, life, quiet_for_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            pid = self._pid()
            with suppress(OSError, IndexError, ValueError):  # it has just ended
                if pid is not None and (life := self._life()):
                    self.all.append(self._sample(pid, life))

    def _sample(self, pid: int, life: int) -> Sample:
        return Sample(
            time.time(),
            life,
            rss_mb(pid),
            sum(map(rss_mb, children(pid))),
            sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
            self._quiet_for_s() > CALM_S,
        )


def rss_mb(pid: int) -> float:
    """Physical memory of a process, in megabytes of 10^6 bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE / 1e6


def children(pid: int) -> list[int]:
    """Process ids."""
    found = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in tasks.read_text(encoding="ascii").split()]
    return found


def longest_life(samples: list[Sample]) -> list[Sample]:
    """Those of the start that ran for longest."""
    lives: dict[int, list[Sample]] = {}
    for sample in samples:
        lives.setdefault(sample.life, []).append(sample)
    return max(lives.values(), key=lambda life: life[-1].at_s - life[0].at_s, default=[])
