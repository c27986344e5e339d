"""Builder: gives each pipeline what a running box has for it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property, partial
from typing import Any

from edged.captures import Captures
from edged.inference.model import Model
from edged.inference.work import VIDEO_NICE, Rank, Terms, Work
from edged.messages.sound import Chunk, HarmonicWindow, KnownWindow
from edged.messages.vision import Embedding, Frame, Nearest
from edged.messages.wire import Message
from edged.models_in_use import ModelsInUse
from edged.people_in_use import PeopleInUse
from edged.pipelines.drones import DronesConfig
from edged.pipelines.faces import FaceModels, FacesConfig
from edged.pipelines.kind import Sink
from edged.pipelines.kinds import KINDS
from edged.pipelines_in_use import Built
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.exchange import Exchange
from edged.runtime.health import Health, Part
from edged.runtime.withheld import Withheld
from edged.settings import PipelineConfig
from edged.sinks_in_use import SinksInUse


class Builder:
    """Builds pipelines for one box."""

    def __init__(
        self, health: Health, captures: Captures, models: ModelsInUse, people: PeopleInUse, sinks: SinksInUse
    ) -> None:
        self.health, self.captures, self.models, self.people, self.sinks = health, captures, models, people, sinks

    def __call__(self, name: str, config: PipelineConfig, stack: ExitStack) -> Built:
        """Ready to run; ``stack`` closes what stands beside it. ConfigError or ModelError where it cannot be."""
        needs = _Needs(self, name, config, stack)
        pipeline = KINDS[config.kind].build(name, config, needs)
        stack.callback(self.sinks.evidence.begin(name, config.source, self.captures, looks=config.LOOKS))
        return Built(pipeline, needs.leave, needs.queue.__len__)


class _Needs:
    """What the box has for one pipeline: `edged.pipelines.kind.Needs`, and what single kinds ask for besides."""

    def __init__(self, box: Builder, name: str, config: PipelineConfig, stack: ExitStack) -> None:
        self._box, self._name, self._config, self.stack = box, name, config, stack
        self.parts = box.health

    def load(self, model: str) -> Model:
        return self._box.models.keep(model, self.stack)

    @property
    def health(self) -> Part:
        return self.parts.part(f"pipelines.{self._name}")

    @property
    def sinks(self) -> Sequence[Sink]:
        return self._box.sinks.of_pipeline(self._name, self._config.images)

    @cached_property
    def queue(self) -> BoundedQueue[Chunk] | BoundedQueue[Frame]:
        captures, source = self._box.captures, self._config.source
        queue = captures.pictures(source, self._config.kind) if self._config.LOOKS else captures.sound(source)
        self.stack.callback(captures.leave, source, queue)  # also where it could not be built after all
        return queue

    def source(self) -> Iterator[Any]:
        if not self._config.LOOKS:
            return self._work.items(self.queue)
        shares = self._box.captures.shares
        return self._work.items(shares.thinned(self.queue, partial(self.health.count, "shed")))

    @property
    def _work(self) -> Work:
        """What its thread is to be known by wherever it waits for a model."""
        source, queue = self._config.source, self.queue
        count = partial(self.parts.part(f"sources.{source}").count, "stale")
        if not self._config.LOOKS:
            return Work(source, Rank.SOUND, terms=self._terms, on_stale=count)
        return Work(source, terms=self._terms, newer=lambda: len(queue) > 0, on_stale=count, nice=VIDEO_NICE)

    def _terms(self) -> Terms:
        turns = self._box.models.turns
        lasts_s = turns.frame_s if self._config.LOOKS else turns.sound_s
        return Terms(turns.weights.get(self._config.source, 1.0), lasts_s)

    def leave(self) -> None:
        self._box.captures.leave(self._config.source, self.queue)

    def judge(self, config: DronesConfig) -> Exchange[HarmonicWindow, KnownWindow]:
        return self._box.models.judge(self._name, config, self.stack)

    @property
    def calibration_db(self) -> float | None:
        return self._box.captures.calibration_db(self._config.source)

    def withhold(self) -> Withheld:
        return self._box.sinks.evidence.withhold(self._config.source, self.stack)

    def say(self, topic: str, message: Message) -> bool:
        return self._box.sinks.say(f"{topic}/{self._name}", message)

    def search(self, config: FacesConfig, models: FaceModels) -> Callable[[Embedding], Nearest]:
        return self._box.people.search(config, models, self.stack)
