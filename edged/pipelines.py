"""The data's way: which stages follow one another, for each kind of pipeline. The numbers come from the config."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from edged.config import Section, Slug
from edged.errors import ConfigError
from edged.inference.card import verified_file
from edged.inference.model import Model
from edged.messages.event import Event
from edged.messages.sound import Chunk, ScoredWindow
from edged.runtime.flow import Flow, Interruption, Pipeline, Steps, Tap
from edged.runtime.health import Part
from edged.stages.classify_sound import ClassifySound
from edged.stages.compute_log_mel import ComputeLogMel, LogMelConfig
from edged.stages.cut_windows import CutWindows, WindowsConfig
from edged.stages.filter_harmonics import FilterHarmonics, HarmonicsConfig
from edged.stages.reject_unknown import RejectUnknown, UnknownConfig
from edged.stages.reject_unknown import load as load_statistics
from edged.stages.smooth_scores import SmoothingConfig, SmoothScores

SoundSource = Iterable[Chunk | Interruption]
Sink = Callable[[Event], None]


class DronesConfig(Section):
    """Hears drones."""

    kind: Literal["drones"] = "drones"
    enabled: bool = True
    """When off, this pipeline does not run."""
    source: Slug = "microphone"
    """The source it listens to."""
    model: Slug = "drone_sound"
    """The model that classifies; `edged models list` shows which there are."""
    windows: WindowsConfig = WindowsConfig()
    harmonics: HarmonicsConfig = HarmonicsConfig()
    unknown: UnknownConfig = UnknownConfig()
    smoothing: SmoothingConfig = SmoothingConfig()


def drones(
    name: str,
    config: DronesConfig,
    source: SoundSource,
    model: Model,
    health: Part,
    *sinks: Sink,
    onlooker: Callable[[ScoredWindow], None] = lambda _: None,
) -> Pipeline:
    """From sound to drone events; ``onlooker`` sees every score. ConfigError where config and model do not fit."""
    features = check_fit(name, config, model)
    statistics = load_statistics(verified_file(model.folder, model.card, "unknown"))
    return (
        Flow.start(name, source, heard_until_s)
        .then(CutWindows(config.windows))
        .then(FilterHarmonics(config.harmonics))
        .then(ComputeLogMel(features))
        .then(ClassifySound(model))
        .then(Tap(onlooker))
        .then(RejectUnknown(config.unknown, statistics))
        .then(SmoothScores(config.smoothing, name))
        .into(*sinks, health=health, stamp=stamp_latency)
    )


def heard_until_s(chunk: Chunk) -> float:
    """The watermark of sound."""
    return chunk.span.end_s


def stamp_latency(event: Event, steps: Steps) -> Event:
    """Write on the event how long each stage took on the window that decided it."""
    return replace(event, latency_ms=dict(steps))


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
