"""Evidence: the box's clips, which sources' sound and pictures are remembered for them, and what of it may not be."""

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import partial
from typing import Any

from edged.captures import Captures
from edged.messages.wire import EventMessage
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.health import Health
from edged.runtime.withheld import Withheld
from edged.sinks.clips import Clips, ClipsConfig, check

STOP_LIMIT_S = 1.0
CHANGE_LIMIT_S = 10.0
"""For clips that are being written, where others take over: nothing waits for that but the reloader."""
LIMITS = {"pre_roll_s", "post_roll_s", "encrypt_sound", "keep_last", "max_age_days", "max_bytes", "max_clips"}
LIMITS |= {"min_free_bytes"}
"""What clips can be told while they are made; anything else has others take over."""


class Evidence:
    """Has clips remember what sources give, as long as a pipeline listens to them. One thread at a time may call it.

    But for messages: those come on any thread.
    """

    def __init__(self, config: ClipsConfig, health: Health, erased: Callable[[], Collection[str]] = tuple) -> None:
        """``erased``: whose clips are to go, by id in the gallery."""
        self._config, self._health, self._erased = config, health, erased
        self._sources: dict[str, str] = {}  # by pipeline
        self._recorded: Counter[str] = Counter()
        self._how: dict[str, tuple[Captures, bool]] = {}
        self._queues: dict[str, BoundedQueue[Any]] = {}
        self._withheld: dict[str, tuple[Withheld, ...]] = {}
        self.clips = self._make(config)
        """None: none are kept."""

    def __call__(self, message: EventMessage) -> None:
        """An event that is to be kept. Returns at once."""
        if clips := self.clips:
            clips(message)

    def start(self, stack: ExitStack) -> None:
        """Begin to write; ``stack`` ends it."""
        if self.clips:
            self.clips.start()
        stack.callback(self._stop)

    def use(self, config: ClipsConfig) -> None:
        """From now on keep clips so, or none. Where others take over, clips of events that are on end now.

        EdgedError where they cannot be kept so: those go on that are kept.
        """
        if config.enabled:
            check(config)
        before, made_before = self.clips, self._config.model_dump(exclude=LIMITS)
        self._config = config
        if before and config.model_dump(exclude=LIMITS) == made_before:
            before.use(config)
            return
        self._take_over(self._make(config))
        if before:
            before.stop(CHANGE_LIMIT_S)
        if self.clips:
            self.clips.start()
        else:
            self._health.remove("clips")

    def begin(self, pipeline: str, source: str, captures: Captures, *, looks: bool) -> Callable[[], None]:
        """A pipeline that looks, or listens, begins; returns what is to be called when it ends."""
        self._sources[pipeline] = source
        self._recorded[source] += 1
        if self._recorded[source] == 1:
            self._how[source] = captures, looks
            self._follow(source)
        return partial(self._end, source)

    def withhold(self, source: str, stack: ExitStack) -> Withheld:
        """From now on clips keep of a source only what this says may be kept, until ``stack`` is closed."""
        withheld = Withheld()
        self._withheld[source] = (*self._withheld.get(source, ()), withheld)
        stack.callback(self._withhold_no_longer, source, withheld)
        return withheld

    def _make(self, config: ClipsConfig) -> Clips | None:
        if not config.enabled:
            return None
        return Clips(config, self._sources, self._health.part("clips"), erased=self._erased)

    def _stop(self) -> None:
        if self.clips:
            self.clips.stop(STOP_LIMIT_S)

    def _take_over(self, clips: Clips | None) -> None:
        for source in tuple(self._queues):
            self._leave(source)
        self.clips = clips
        for source in self._how:
            self._follow(source)

    def _follow(self, source: str) -> None:
        captures, looks = self._how[source]
        if self.clips and not looks:
            self._queues[source] = captures.sound(source)
            self.clips.hear(source, self._queues[source], lookers=lambda: self._withheld.get(source, ()))
        elif self.clips and self._config.pictures:
            self._queues[source] = captures.pictures(source)
            self.clips.see(source, self._queues[source])

    def _end(self, source: str) -> None:
        self._recorded[source] -= 1
        if not self._recorded[source]:
            self._leave(source)
            del self._how[source]

    def _leave(self, source: str) -> None:
        if source in self._queues:
            self._how[source][0].leave(source, self._queues.pop(source))

    def _withhold_no_longer(self, source: str, withheld: Withheld) -> None:
        self._withheld[source] = tuple(one for one in self._withheld[source] if one is not withheld)
