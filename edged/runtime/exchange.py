"""Exchange: stages of a running pipeline that are replaced between two items, and put back if the new ones fail."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from edged.errors import StaleError
from edged.runtime.flow import Steps, run_stage, step_name

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
W = TypeVar("W")


class Line(Generic[T, U]):
    """Stages one after another as one stage: ``Line.start(…).then(…)``, each step checked by its types.

    They hold no state between items (TypeError if one does), so nothing is lost when they are replaced.
    """

    def __init__(self, *stages: Any) -> None:
        for stage in stages:
            if hasattr(stage, "advance") or hasattr(stage, "finish"):
                raise TypeError(f"{step_name(stage)}: holds state between items, must stand beside the line")
        self._stages = [(step_name(stage), stage) for stage in stages]
        self.steps: dict[str, float] = {}
        """Milliseconds that each stage took on the last item."""
        self.answered = False
        """Whether the last item came as far as the last stage."""

    @staticmethod
    def start(stage: Callable[[V], Iterable[W]]) -> "Line[V, W]":
        """A line of one stage."""
        return Line(stage)

    def then(self, stage: Callable[[U], Iterable[V]]) -> "Line[T, V]":
        """Add a stage."""
        return Line(*(each for _, each in self._stages), stage)

    def shown_to(self, *onlookers: Callable[[T, U], None]) -> "Line[T, U]":
        """The same line; each onlooker sees what comes out of it beside what went in."""
        return Line(_Shown(self, onlookers))

    def __call__(self, item: T) -> tuple[U, ...]:
        self.steps.clear()
        items: tuple[Any, ...] = (item,)
        for name, stage in self._stages:
            self.answered = bool(items)
            items = tuple(output for each in items for output in run_stage(name, stage, each, self.steps))
        return items


class _Shown(Generic[T, U]):
    def __init__(self, line: Line[T, U], onlookers: tuple[Callable[[T, U], None], ...]) -> None:
        self._line, self._onlookers = line, onlookers
        self.steps = line.steps

    def __call__(self, item: T) -> tuple[U, ...]:
        outputs = self._line(item)
        for output in outputs:
            for onlooker in self._onlookers:
                onlooker(item, output)
        return outputs


@dataclass(frozen=True, slots=True)
class _Offer(Generic[T, U]):
    line: Line[T, U]
    answer: "Future[None]"


class Exchange(Generic[T, U]):
    """A stage: the line that is in use. Another line can be offered to it from any thread."""

    def __init__(self, line: Line[T, U]) -> None:
        self._line = line
        self._offered: _Offer[T, U] | None = None
        self._trial: _Offer[T, U] | None = None
        self._lock = threading.Lock()  # of the offer alone: none is held while stages run
        self.steps: Steps = line.steps

    def offer(self, line: Line[T, U]) -> "Future[None]":
        """Replace the line from the next item on, if ``line`` does not raise until an item has come to its last stage.

        The future is done when it has answered; its exception is what the line raised: then the old one is back, and
        the same item has gone through that. Until the next item comes it can be cancelled, and a later offer cancels
        it. Its callbacks run on the pipeline's thread and must be quick.
        """
        offer = _Offer(line, Future[None]())
        with self._lock:
            before, self._offered = self._offered, offer
        if before is not None:
            before.answer.cancel()
        return offer.answer

    def __call__(self, item: T) -> tuple[U, ...]:
        if self._trial is None:
            self._trial = self._take_offer()
        if self._trial is not None and (outputs := self._try(self._trial, item)) is not None:
            return outputs
        self.steps = self._line.steps
        return self._line(item)

    def _take_offer(self) -> _Offer[T, U] | None:
        with self._lock:
            offer, self._offered = self._offered, None
        return offer if offer is not None and offer.answer.set_running_or_notify_cancel() else None

    def _try(self, offer: _Offer[T, U], item: T) -> tuple[U, ...] | None:
        """What the offered line makes of ``item``; None: it raised, and the trial is over."""
        self.steps = offer.line.steps
        try:
            outputs = offer.line(item)
        except StaleError:  # says nothing about the line
            raise
        except Exception as fault:  # whatever is wrong with it, the old one goes on
            self._trial = None
            offer.answer.set_exception(fault)
            return None
        if offer.line.answered:
            self._line, self._trial = offer.line, None
            offer.answer.set_result(None)
        return outputs
