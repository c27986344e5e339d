"""Evidence: which sources' sound and pictures are remembered for clips, and what of it may not be."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from edged.captures import Captures
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.withheld import Withheld
from edged.sinks.clips import Clips


class Evidence:
    """Has clips remember what sources give, as long as a pipeline listens to them. One thread at a time may call."""

    def __init__(self, clips: Clips | None, sources: dict[str, str], *, pictures: bool) -> None:
        """``sources``: by pipeline, as the clips know them; ``pictures``: those of cameras too."""
        self._clips, self._sources, self._pictures = clips, sources, pictures
        self._recorded: Counter[str] = Counter()
        self._queues: dict[str, BoundedQueue[Any]] = {}
        self._withheld: dict[str, tuple[Withheld, ...]] = {}

    def begin(self, pipeline: str, source: str, captures: Captures, *, looks: bool) -> Callable[[], None]:
        """A pipeline that looks, or listens, begins; returns what is to be called when it ends."""
        if self._clips is None:
            return lambda: None
        self._sources[pipeline] = source
        self._recorded[source] += 1
        if self._recorded[source] == 1:
            self._follow(self._clips, source, captures, looks=looks)
        return partial(self._end, source, captures)

    def withhold(self, source: str, stack: ExitStack) -> Withheld:
        """From now on clips keep of a source only what this says may be kept, until ``stack`` is closed."""
        withheld = Withheld()
        self._withheld[source] = (*self._withheld.get(source, ()), withheld)
        stack.callback(self._withhold_no_longer, source, withheld)
        return withheld

    def _follow(self, clips: Clips, source: str, captures: Captures, *, looks: bool) -> None:
        if not looks:
            self._queues[source] = captures.sound(source)
            clips.hear(source, self._queues[source], lookers=lambda: self._withheld.get(source, ()))
        elif self._pictures:
            self._queues[source] = captures.pictures(source)
            clips.see(source, self._queues[source])

    def _end(self, source: str, captures: Captures) -> None:
        self._recorded[source] -= 1
        if not self._recorded[source] and source in self._queues:
            captures.leave(source, self._queues.pop(source))

    def _withhold_no_longer(self, source: str, withheld: Withheld) -> None:
        self._withheld[source] = tuple(one for one in self._withheld[source] if one is not withheld)
