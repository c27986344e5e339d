"""Timing on a machine that others use too: what is compared is run in turns, and medians are taken."""

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Seconds = NDArray[np.float64]


def in_turns(rounds: int, *actions: Callable[[], bool]) -> list[Seconds]:
    """Seconds of each action in each round, A B A B …; NaN where the action said that the round does not count."""
    took_s = np.full((len(actions), rounds), np.nan)
    for action in actions:  # the first time is never like the others
        action()
    for turn in range(rounds):
        for row, action in enumerate(actions):
            began_s = time.perf_counter()
            counts = action()
            ended_s = time.perf_counter()
            if counts:
                took_s[row, turn] = ended_s - began_s
    return list(took_s)


def median_ms(took_s: Seconds) -> float:
    """Median of the rounds that count, in milliseconds."""
    return float(np.nanmedian(took_s)) * 1e3


def median_ratio(a: Seconds, b: Seconds) -> float:
    """Median of a / b over the rounds in which both count: a slow moment of the machine hits both."""
    return float(np.nanmedian(a / b))


def always(action: Callable[[], object]) -> Callable[[], bool]:
    """The action, every round of which counts."""

    def counted() -> bool:
        action()
        return True

    return counted


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """Seconds that it took, and what it gave."""
    began_s = time.perf_counter()
    given = action()
    return time.perf_counter() - began_s, given
