"""Timing on a machine that others use too: what is compared runs in turns, and medians are taken.

A turn is a block of calls, so that neither side pays for the caches that the other has emptied.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Seconds = NDArray[np.float64]
"""Shape (blocks, BLOCK): of each call; NaN where the call does not count."""
BLOCK = 20


def in_turns(calls: int, *actions: Callable[[], bool]) -> list[Seconds]:
    """Times of about so many calls of each action, in blocks A B A B …; a call counts when the action says so."""
    for action in actions:  # the first time is never like the others
        action()
    turns = [[block_s(action) for action in actions] for _ in range(max(1, calls // BLOCK))]
    return [np.array(blocks) for blocks in zip(*turns, strict=True)]


def block_s(action: Callable[[], bool]) -> list[float]:
    """Seconds of each of ``BLOCK`` calls."""
    took_s = []
    for _ in range(BLOCK):
        began_s = time.perf_counter()
        counts = action()
        ended_s = time.perf_counter()
        took_s.append(ended_s - began_s if counts else float("nan"))
    return took_s


def median_ms(took_s: Seconds) -> float:
    """Median of the calls that count, in milliseconds."""
    return float(np.nanmedian(took_s)) * 1e3


def median_ratio(a: Seconds, b: Seconds) -> float:
    """Median of a / b over neighbouring blocks: a slow moment of the machine hits both."""
    both = ~(np.isnan(a).all(axis=1) | np.isnan(b).all(axis=1))
    return float(np.median(np.nanmedian(a[both], axis=1) / np.nanmedian(b[both], axis=1)))


def always(action: Callable[[], object]) -> Callable[[], bool]:
    """The action, every call of which counts."""

    def counted() -> bool:
        action()
        return True

    return counted


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """Seconds that it took, and what it gave."""
    began_s = time.perf_counter()
    given = action()
    return time.perf_counter() - began_s, given
