"""Flow: a typed chain of stages from a source to sinks, and the pipeline that runs it.

A stage is a callable ``In -> Iterable[Out]``: nothing means filtered, many means fan-out. A stage that holds state may
also have ``advance(now_s)`` ("everything up to this time has gone by": the watermark of Akidau et al., The Dataflow
Model, VLDB 2015) and ``finish()`` ("the stream stops here"); what they give goes on down the chain. A stage that is
made of others may have ``steps``: the milliseconds of each on its last item, in place of its own.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar

from edged.errors import StaleError
from edged.messages.health import State
from edged.runtime.faults import Faults, described, outputs_of
from edged.runtime.health import Part
from edged.runtime.watchdog import Pulse

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

Steps = Mapping[str, float]
"""Milliseconds that each stage took on the item at hand, by the stage's name in snake_case."""

FAULTS_IN_A_ROW = 10
"""So many items lost one after the other mean that the pipeline is broken, and not the items."""

log = logging.getLogger(__name__)


class Interruption:
    """In a source's stream: what came before and what comes after are not one piece."""


INTERRUPTION = Interruption()


class Flow(Generic[T]):
    """A chain that is being written: ``Flow.start(…).then(…).then(…).into(…)``; each step is checked by its types."""

    def __init__(
        self, name: str, source: Iterable[Any], now_s: Callable[[Any], float], stages: tuple[Any, ...]
    ) -> None:
        self._name, self._source, self._now_s, self._stages = name, source, now_s, stages

    @staticmethod
    def start(name: str, source: Iterable[U | Interruption], now_s: Callable[[U], float]) -> "Flow[U]":
        """A chain from ``source``; ``now_s`` reads from an item until when the source has been heard, in seconds."""
        return Flow(name, source, now_s, ())

    def then(self, stage: Callable[[T], Iterable[U]]) -> "Flow[U]":
        """Add a stage."""
        return Flow(self._name, self._source, self._now_s, (*self._stages, stage))

    def on(self, kind: type[V], stage: Callable[[V], Iterable[U]]) -> "Flow[T | U]":
        """Add a stage for items of one kind; all others pass by it."""
        return Flow(self._name, self._source, self._now_s, (*self._stages, Only(kind, stage)))

    def into(
        self, *sinks: Callable[[T], None], health: Part, stamp: Callable[[T, Steps], T] = lambda item, _: item
    ) -> "Pipeline":
        """End the chain: every sink gets every item, after ``stamp`` has written the stages' times on it."""

        def deliver(item: T, steps: Steps) -> None:
            stamped = stamp(item, steps)
            for sink in sinks:
                sink(stamped)

        return Pipeline(self._name, self._source, self._now_s, self._stages, deliver, health)


class Tap(Generic[T]):
    """A stage that shows every item to an onlooker and passes it on unchanged."""

    def __init__(self, onlooker: Callable[[T], None]) -> None:
        self._onlooker = onlooker

    def __call__(self, item: T) -> Iterable[T]:
        self._onlooker(item)
        yield item


class Only(Generic[V, U]):
    """A stage for items of one kind; all others pass by."""

    def __init__(self, kind: type[V], stage: Callable[[V], Iterable[U]]) -> None:
        self._kind, self._stage = kind, stage
        self.__name__ = getattr(stage, "__name__", type(stage).__name__)
        self.steps: dict[str, float] = {}
        """Empty after an item that passed by."""

    def __call__(self, item: Any) -> tuple[Any, ...]:
        self.steps.clear()
        return run_stage(step_name(self), self._stage, item, self.steps) if isinstance(item, self._kind) else (item,)

    def __getattr__(self, name: str) -> Any:
        """``advance`` and ``finish``, where the stage has them."""
        return getattr(self._stage, name)


def snake_case(name: str) -> str:
    """``ComputeLogMel`` -> ``compute_log_mel``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def step_name(stage: Any) -> str:
    """What a stage is called in ``Steps``."""
    return snake_case(getattr(stage, "__name__", type(stage).__name__))


def run_stage(name: str, stage: Any, item: Any, steps: dict[str, float]) -> tuple[Any, ...]:
    """What ``stage`` makes of ``item``; ``steps`` gets the milliseconds that it took, and a fault the stage's name."""
    began = time.perf_counter()
    outputs = outputs_of(name, stage, item)
    steps.update(getattr(stage, "steps", {name: (time.perf_counter() - began) * 1e3}))
    return outputs


class Pipeline:
    """A chain that runs: on the thread that calls :meth:`run`, or item by item through :meth:`feed`."""

    def __init__(
        self,
        name: str,
        source: Iterable[Any],
        now_s: Callable[[Any], float],
        stages: tuple[Any, ...],
        deliver: Callable[[Any, Steps], None],
        health: Part,
    ) -> None:
        self.name = name
        self._source, self._now_s, self._deliver, self._health = source, now_s, deliver, health
        self._stages = [(step_name(stage), stage) for stage in stages]
        self._advances = [
            (at, name, stage.advance) for at, (name, stage) in enumerate(self._stages, 1) if hasattr(stage, "advance")
        ]
        self._steps: dict[str, float] = {}
        self._faults = Faults(health)
        self.pulse = Pulse()
        """Beats with each item: see the watchdog."""
        self.onlooker: Callable[[Any], object] | None = None
        """Is shown what each stage gives, before the next one has it; None: nobody looks."""

    def run(self) -> None:
        """Take everything from the source, until it ends.

        An item that makes a stage raise is dropped and counted; ``FAULTS_IN_A_ROW`` of them raise what they raised.
        """
        self._health.set(State.OK)
        try:
            for item in self._source:
                self._attempt(self.finish if isinstance(item, Interruption) else partial(self.feed, item))
            self._attempt(self.finish)
        finally:
            self._faults.forget()
        self._health.set(State.OFF)

    def feed(self, item: Any) -> None:
        """Send one item of the source through all stages to the sinks."""
        with suppress(StaleError):  # its source counts it; time goes by all the same
            self._push(0, item)
        now_s = self._now_s(item)
        for index, name, advance in self._advances:
            self._push_all(index, outputs_of(name, advance, now_s))
        self._health.count("items")

    def finish(self) -> None:
        """The stream stops here: every stage gives what it still holds, from the first to the last."""
        for index, (name, stage) in enumerate(self._stages):
            if finish := getattr(stage, "finish", None):
                self._push_all(index + 1, outputs_of(name, finish))

    def _push_all(self, index: int, items: Iterable[Any]) -> None:
        for item in items:
            self._push(index, item)

    def _push(self, index: int, item: Any) -> None:
        if self.onlooker and index:
            self.onlooker(item)
        if index == len(self._stages):
            self._deliver(item, dict(self._steps))
            return
        name, stage = self._stages[index]
        took_ms: dict[str, float] = {}
        outputs = run_stage(name, stage, item, took_ms)
        self._steps.update(took_ms)
        for step, ms in took_ms.items():
            self._health.took(step, ms / 1e3)
        self._push_all(index + 1, outputs)

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            with self.pulse:
                action()
        except Exception as fault:  # a stage's bug costs the item, not the box
            news = self._faults.lost(fault)
            if self._faults.in_a_row >= FAULTS_IN_A_ROW:
                self._health.set(State.FAILING, f"{FAULTS_IN_A_ROW} items lost in a row, {described(fault)}")
                raise
            if news:
                log.exception("item lost", extra={"pipeline": self.name, "reason": described(fault)})
        else:
            self._faults.passed()
