"""Kind: what all kinds of pipelines have in common, and what a running box has for each of them."""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import model_validator

from edged.config import Section, Slug
from edged.inference.model import Model
from edged.messages.event import Event
from edged.runtime.flow import Pipeline
from edged.runtime.health import Health, Part
from edged.sinks.portraits import ImagesConfig

Sink = Callable[[Event], None]


class PipelineSection(Section):
    """Settings of a pipeline; each kind has more, and says its own ``kind``."""

    LOOKS: ClassVar[bool]
    """Whether its source is a camera; else it listens."""
    THRESHOLD: ClassVar[str]
    """The number that makes an event of a score, as a dotted key; commands may set it."""

    kind: str = ""
    enabled: bool = True
    source: Slug = ""

    @property
    def models_in_use(self) -> Mapping[str, str]:
        """The models by name, and what each is for, where that needs to be said."""
        raise NotImplementedError

    @property
    def images(self) -> ImagesConfig | None:
        """Which pictures are published with its events; None: it has none."""
        return None

    @property
    def event_labels(self) -> Collection[str] | None:
        """What its events may be labelled; None: the config alone does not tell."""
        return None

    def check_event_labels(self, key: str, labels: Iterable[str]) -> None:
        """ValueError, with the ``key`` that names it and a near one, where no event of it is ever labelled so."""
        known = self.event_labels
        for label in labels:
            if known is not None and label not in known:
                near = difflib.get_close_matches(label, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"{key}: {label!r}, must be a label of its events, {', '.join(known)}{hint}")

    @model_validator(mode="after")
    def _quiet_hours_are_of_its_labels(self) -> "PipelineSection":
        publish = getattr(self, "publish", None)
        for number, hours in enumerate(publish.quiet_hours if publish else ()):
            self.check_event_labels(f"publish.quiet_hours.{number}.labels", hours.labels)
        return self

    @property
    def level_interval_s(self) -> float | None:
        """How often it tells on ``level/<pipeline>`` how loud it is; None: it does not."""
        return None


class Needs(Protocol):
    """What a running box has for one pipeline."""

    @property
    def health(self) -> Part:
        """The pipeline's own."""

    @property
    def parts(self) -> Health:
        """The box's."""

    @property
    def sinks(self) -> Sequence[Sink]:
        """Where its events go."""

    @property
    def stack(self) -> ExitStack:
        """Closes what stands beside the pipeline, after its end."""

    def source(self) -> Iterable[Any]:
        """What its source gives from now on. Ask last: whatever fails before leaves no device open."""

    def load(self, model: str) -> Model:
        """A model, ready to run."""


class Kind(NamedTuple):
    """A kind of pipeline; ``pipelines.<name>.kind`` chooses it."""

    config: type[PipelineSection]
    build: Callable[[str, Any, Any], Pipeline]
    """By name, config and needs; ConfigError or ModelError where it cannot be."""
