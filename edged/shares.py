"""Shares: how many of its camera's frames a pipeline looks at, by its kind: fewer while the box sheds load."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from edged.guards import Step
from edged.messages.vision import Frame
from edged.pipelines.kinds import KINDS
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.flow import Interruption
from edged.sources.camera.pace import Thinning

SHED_ORDER = ("objects", "faces")
"""Which kinds get less, the first one first; any other kind that looks goes with the first one."""
MOST_REST_S = 2.0
"""Whoever rests for longer loses what it follows."""


class Shares:
    """Of each pipeline that looks: through which camera, and how much of what that gives it takes. Thread-safe."""

    def __init__(self) -> None:
        self._shares = dict.fromkeys(SHED_ORDER, 1.0)
        self._lookers: dict[BoundedQueue[Any], tuple[str, str]] = {}  # camera, and the kind it goes with

    def limit(self, kind: str, share: float) -> None:
        """From now on pipelines of that kind, those to come too, take this share of the frames at most, in (0, 1]."""
        if not 0.0 < share <= 1.0:
            raise ValueError(f"share: {share}, must be in (0, 1]")
        self._shares[goes_with(kind)] = share

    def add(self, queue: BoundedQueue[Any], camera: str, kind: str) -> None:
        """A pipeline of that kind looks through a camera from now on, by that queue."""
        self._lookers[queue] = camera, goes_with(kind)

    def remove(self, queue: BoundedQueue[Any]) -> None:
        """It does no longer. One that is not known is let go by."""
        self._lookers.pop(queue, None)

    def looks(self, kind: str) -> bool:
        """Whether a pipeline of that kind, or one that goes with it, looks through a camera."""
        return any(goes_with(kind) == theirs for _, theirs in tuple(self._lookers.values()))

    def of_camera(self, camera: str) -> float:
        """The largest share that a pipeline takes of what that camera gives; 1 where none looks through it."""
        wanted = [self._shares[kind] for its, kind in tuple(self._lookers.values()) if its == camera]
        return max(wanted, default=1.0)

    def thinned(self, queue: BoundedQueue[Any], shed: Callable[[], object]) -> Iterator[Frame | Interruption]:
        """What a queue that was added gives, less the frames that are left out; ``shed`` is told of each of these.

        The camera leaves out, undecoded, what nobody takes; here goes what others take who look through it as well.
        """
        camera, kind = self._lookers[queue]
        return thinned(queue, lambda: self._shares[kind], lambda: self.of_camera(camera), shed)


def goes_with(kind: str) -> str:
    """Of a kind of pipeline that looks: the one in ``SHED_ORDER`` with which it gets less."""
    return kind if kind in SHED_ORDER else SHED_ORDER[0]


def thinned(
    frames: Iterable[Frame | Interruption],
    share: Callable[[], float],
    given: Callable[[], float],
    shed: Callable[[], object],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Frame | Interruption]:
    """A share of the frames; ``given`` is what the camera gives of them. Both in (0, 1], asked for at each frame.

    Who is too slow to take all of them anyway rests after each, so that it does less too.
    """
    thinning, rests_until_s = Thinning(), float("-inf")
    for item in frames:
        if isinstance(item, Interruption):
            yield item
        elif thinning.due(share() / given(), ready=(began_s := clock()) >= rests_until_s):
            yield item
            ended_s = clock()
            rests_until_s = ended_s + min((ended_s - began_s) * (1 / share() - 1), MOST_REST_S)
        else:
            shed()


def steps_of(shares: Shares) -> Iterator[Step]:
    """What the pipelines that look can do without, step by step, in the order in which they do."""

    def limit(kind: str, on_share: float, off_share: float) -> Callable[[bool], None]:
        return lambda on: shares.limit(kind, on_share if on else off_share)

    for kind in SHED_ORDER:
        about = " and ".join(name for name, it in KINDS.items() if it.config.LOOKS and goes_with(name) == kind)
        looks = partial(shares.looks, kind)
        yield Step(about, "at half rate", limit(kind, 0.5, 1.0), looks)
        yield Step(about, "at a quarter of their rate", limit(kind, 0.25, 0.5), looks)
