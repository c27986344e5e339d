"""What a replay has for a pipeline, as a running box has it: a file, models on the CPU, and the gallery to read."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from edged.cli.replayed_people import search_in
from edged.cli.terminal import complain
from edged.inference.catalogue import Catalogue
from edged.inference.model import Model
from edged.messages.sound import HarmonicWindow, KnownWindow, ScoredWindow
from edged.messages.vision import Embedding, Nearest
from edged.messages.wire import Message
from edged.pipelines.drones import DronesConfig, model_stages
from edged.pipelines.faces import FaceModels, FacesConfig
from edged.pipelines.kind import Sink
from edged.pipelines.kinds import KINDS
from edged.runtime.exchange import Line
from edged.runtime.flow import Pipeline
from edged.runtime.health import Health, Part
from edged.runtime.withheld import Withheld
from edged.settings import PipelineConfig, Settings


class Workshop:
    """Builds pipelines over files; models and people are loaded once, for all of them."""

    def __init__(self, settings: Settings, say: Callable[[str], object] = complain) -> None:
        self._settings, self._say = settings, cache(say)  # each thing is said once
        self.load = cache(Catalogue(settings.models).load)

    def build(
        self,
        name: str,
        config: PipelineConfig,
        source: Iterable[Any],
        *sinks: Sink,
        stack: ExitStack,
        onlooker: Callable[[ScoredWindow], None] = lambda _: None,
    ) -> tuple[Pipeline, Part]:
        """The pipeline, with its health; ``onlooker`` sees every score of sound. ConfigError or ModelError as live."""
        needs = _Needs(self, name, source, sinks, stack, onlooker)
        return KINDS[config.kind].build(name, config, needs), needs.health

    def search(self, models: FaceModels) -> Callable[[Embedding], Nearest]:
        """In the gallery as it is now."""
        return search_in(self._settings.gallery, models.embedder.card, datetime.now(UTC).date(), self._say)


@dataclass
class _Needs:
    """`edged.pipelines.kind.Needs`, and what single kinds ask for besides."""

    workshop: Workshop
    name: str
    given: Iterable[Any]
    sinks: Sequence[Sink]
    stack: ExitStack
    onlooker: Callable[[ScoredWindow], None]
    parts: Health = field(default_factory=Health)

    @property
    def health(self) -> Part:
        return self.parts.part(self.name)

    def source(self) -> Iterable[Any]:
        return self.given

    def load(self, model: str) -> Model:
        return self.workshop.load(model)

    def judge(self, config: DronesConfig) -> Line[HarmonicWindow, KnownWindow]:
        return model_stages(self.name, config, self.load(config.model), onlooker=self.onlooker)

    @property
    def calibration_db(self) -> None:
        """A file does not say."""

    def withhold(self) -> Withheld:
        return Withheld()  # nothing is kept

    def say(self, topic: str, message: Message) -> bool:  # noqa: ARG002  # nobody listens
        return True

    def search(self, config: FacesConfig, models: FaceModels) -> Callable[[Embedding], Nearest]:  # noqa: ARG002
        return self.workshop.search(models)
