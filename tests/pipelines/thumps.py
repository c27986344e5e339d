"""Thumps: a kind of pipeline as somebody would add it. This file is all of it, but for a line in the table of kinds."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from ulid import ULID

from edged.config import Slug
from edged.messages.event import Event, ModelUse, Phase
from edged.messages.sound import Chunk
from edged.pipelines.kind import Kind, Needs, PipelineSection
from edged.pipelines.latency import stamp_latency
from edged.runtime.flow import Flow, Pipeline

NO_MODEL = ModelUse("none", "0" * 64, "cpu")


class ThumpsConfig(PipelineSection):
    """Hears thumps."""

    LOOKS: ClassVar[bool] = False
    THRESHOLD: ClassVar[str] = "peak"

    kind: Literal["thumps"] = "thumps"
    enabled: bool = True
    """When off, this pipeline does not run."""
    source: Slug = "microphone"
    """The source it listens to."""
    peak: float = Field(0.5, gt=0, le=1)
    """A sample beyond this is a thump."""

    @property
    def models_in_use(self) -> Mapping[str, str]:
        """None."""
        return {}


class FindThumps:
    """Tells of each chunk that has one."""

    def __init__(self, config: ThumpsConfig, pipeline: str) -> None:
        self._config, self._pipeline = config, pipeline

    def __call__(self, chunk: Chunk) -> Iterator[Event]:
        loudest, span = float(np.abs(chunk.samples).max(initial=0.0)), chunk.span
        if loudest >= self._config.peak:
            times = (span.start_s, span.end_s, span.end_s, span.epoch_s)
            began = Event(str(ULID()), self._pipeline, Phase.START, "thump", loudest, *times, NO_MODEL)
            yield from (began, replace(began, phase=Phase.END))


def build(name: str, config: ThumpsConfig, needs: Needs) -> Pipeline:
    """For a running box."""
    return (
        Flow.start(name, needs.source(), lambda chunk: chunk.span.end_s)
        .then(FindThumps(config, name))
        .into(*needs.sinks, health=needs.health, stamp=stamp_latency)
    )


KIND = Kind(ThumpsConfig, build)
