"""From sound to drone events."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import ClassVar, Literal, Protocol

from pydantic import model_validator

from edged.config import Slug
from edged.errors import ConfigError
from edged.inference.files.verify import verified_file
from edged.inference.model import Model
from edged.messages.sound import Chunk, HarmonicWindow, KnownWindow, ScoredWindow
from edged.pipelines.kind import Kind, Needs, PipelineSection, Sink
from edged.pipelines.latency import stamp_latency
from edged.runtime.drift import DriftConfig
from edged.runtime.exchange import Line
from edged.runtime.flow import Flow, Interruption, Pipeline, Tap
from edged.runtime.health import Health, Part
from edged.stages.classify_sound import ClassifySound
from edged.stages.compute_log_mel import ComputeLogMel, LogMelConfig
from edged.stages.cut_windows import CutWindows, WindowsConfig
from edged.stages.filter_harmonics import FilterHarmonics, HarmonicsConfig
from edged.stages.hold_back import HoldBack, PublishConfig
from edged.stages.reject_unknown import RejectUnknown, UnknownConfig, mahalanobis
from edged.stages.reject_unknown import load as load_statistics
from edged.stages.smooth_scores import SmoothingConfig, SmoothScores
from edged.stages.watch_drift import WatchDrift

SoundSource = Iterable[Chunk | Interruption]
Opinion = Callable[[HarmonicWindow, ScoredWindow], None]
"""Is shown a window beside what the model says of it."""


class DronesConfig(PipelineSection):
    """Hears drones."""

    LOOKS: ClassVar[bool] = False
    THRESHOLD: ClassVar[str] = "smoothing.threshold"

    kind: Literal["drones"] = "drones"
    enabled: bool = True
    """When off, this pipeline does not run."""
    source: Slug = "microphone"
    """The source it listens to."""
    model: Slug = "drone_sound"
    """The model that classifies; `edged models list` shows which there are."""
    shadow: Slug | None = None
    """A second model that hears the same, publishes nothing, and tells in health how far it agrees; null: none."""
    windows: WindowsConfig = WindowsConfig()
    harmonics: HarmonicsConfig = HarmonicsConfig()
    unknown: UnknownConfig = UnknownConfig()
    smoothing: SmoothingConfig = SmoothingConfig()
    drift: DriftConfig = DriftConfig()
    publish: PublishConfig = PublishConfig()

    @property
    def models_in_use(self) -> Mapping[str, str]:
        """What each model is for, where that needs to be said."""
        return {self.model: ""} | ({self.shadow: "shadow"} if self.shadow else {})

    @property
    def event_labels(self) -> Collection[str]:
        """What its events are labelled."""
        return self.smoothing.labels

    @model_validator(mode="after")
    def _shadow_is_another(self) -> "DronesConfig":
        if self.shadow == self.model:
            raise ValueError(f"shadow: {self.shadow!r}, must be another model than `model`, or null")
        return self


class DronesNeeds(Needs, Protocol):
    """And the model's stages, which may be exchanged while the pipeline runs."""

    def judge(self, config: DronesConfig) -> Callable[[HarmonicWindow], Iterable[KnownWindow]]:
        """Those of ``config.model``, with its shadow."""


def build(name: str, config: DronesConfig, needs: DronesNeeds) -> Pipeline:
    """For a running box."""
    judge = needs.judge(config)
    return listen(name, config, needs.source(), judge, needs.health, *needs.sinks)


KIND = Kind(DronesConfig, build)


def drones(
    name: str,
    config: DronesConfig,
    source: SoundSource,
    model: Model,
    health: Part,
    *sinks: Sink,
    onlooker: Callable[[ScoredWindow], None] = lambda _: None,
) -> Pipeline:
    """From sound to drone events, by one model that stays; ``onlooker`` sees every score. ConfigError as below."""
    return listen(name, config, source, model_stages(name, config, model, onlooker=onlooker), health, *sinks)


def listen(
    name: str,
    config: DronesConfig,
    source: SoundSource,
    judge: Callable[[HarmonicWindow], Iterable[KnownWindow]],
    health: Part,
    *sinks: Sink,
) -> Pipeline:
    """From sound to drone events; ``judge`` is a model's stages, or an Exchange of them."""
    return (
        Flow.start(name, source, heard_until_s)
        .then(CutWindows(config.windows))
        .then(FilterHarmonics(config.harmonics))
        .then(judge)
        .then(SmoothScores(config.smoothing, name))
        .then(HoldBack(config.publish, health))
        .into(*sinks, health=health, stamp=stamp_latency)
    )


def model_stages(
    name: str,
    config: DronesConfig,
    model: Model,
    *shown_to: Opinion,
    health: Health | None = None,
    onlooker: Callable[[ScoredWindow], None] = lambda _: None,
) -> Line[HarmonicWindow, KnownWindow]:
    """The stages that depend on the model. ConfigError where config and model do not fit.

    With ``health`` the model's inputs are watched for drift, where its card has a reference.
    """
    features = check_fit(name, config, model)
    statistics = load_statistics(verified_file(model.folder, model.card, "unknown"))
    distance = partial(mahalanobis, statistics=statistics)
    watch = () if health is None else (WatchDrift(config.drift, model.card, distance, health),)
    return (
        Line.start(ComputeLogMel(features))
        .then(ClassifySound(model))
        .shown_to(*watch, *shown_to)
        .then(Tap(onlooker))
        .then(RejectUnknown(config.unknown, statistics))
    )


def heard_until_s(chunk: Chunk) -> float:
    """The watermark of sound."""
    return chunk.span.end_s


def check_fit(name: str, config: DronesConfig, model: Model) -> LogMelConfig:
    """The features that the model was trained on; ConfigError where the pipeline would feed it something else."""
    parameters: Mapping[str, object] = model.card.parameters
    features = LogMelConfig.model_validate(parameters.get("features", {}))
    window_s = parameters.get("window_s", config.windows.window_s)
    for key, value, wanted in (
        ("windows.window_s", config.windows.window_s, window_s),
        ("windows.rate_hz", config.windows.rate_hz, features.rate_hz),
        ("harmonics.rate_hz", config.harmonics.rate_hz, features.rate_hz),
    ):
        if value != wanted:
            raise ConfigError(f"pipelines.{name}.{key}: {value}, must be {wanted}: {model.card.name} was trained so")
    for label in config.smoothing.labels:
        if label not in model.card.labels:
            known = ", ".join(model.card.labels)
            raise ConfigError(
                f"pipelines.{name}.smoothing.labels: {label!r}, must be one of {model.card.name}'s: {known}"
            )
    return features
