"""From sound to events of everyday sounds: glass that breaks, an alarm, an engine."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Literal, Protocol

from pydantic import Field

from edged.config import Slug
from edged.inference.model import Model
from edged.messages.event import Event
from edged.messages.level import LevelMessage
from edged.messages.sound import Chunk, KnownWindow, Window
from edged.messages.sound_events import LabelledWindow, SoundFeatures
from edged.messages.wire import Message
from edged.pipelines.kind import Kind, Needs, PipelineSection
from edged.pipelines.latency import stamp_latency
from edged.pipelines.sound_fit import Features, check_fit, check_labels
from edged.pipelines.sound_groups import Group, SoundSmoothingConfig, default_groups, smoothing_of
from edged.runtime.flow import Flow, Interruption, Pipeline
from edged.runtime.fork import Fork
from edged.runtime.health import Part
from edged.runtime.withheld import Withheld
from edged.stages.classify_events import ClassifyEvents
from edged.stages.cut_windows import CutWindows, WindowsConfig
from edged.stages.drop_voice import DropVoice, PrivacyConfig
from edged.stages.group_labels import GroupLabels
from edged.stages.hold_back import HoldBack, PublishConfig
from edged.stages.measure_level import LevelConfig, MeasureLevel
from edged.stages.smooth_scores import SmoothScores


class SoundWindowsConfig(WindowsConfig):
    """How the sound is cut."""

    window_s: float = Field(0.975, gt=0, le=60)
    """Length of a window; tied to the trained model."""
    hop_s: float = Field(0.325, gt=0, le=60)
    """From the start of one window to the start of the next; smaller is more watchful and costs more."""


class SoundsConfig(PipelineSection):
    """Hears everyday sounds."""

    LOOKS: ClassVar[bool] = False
    THRESHOLD: ClassVar[str] = "smoothing.threshold"

    kind: Literal["sounds"] = "sounds"
    enabled: bool = True
    """When off, this pipeline does not run."""
    source: Slug = "microphone"
    """The source it listens to."""
    model: Slug = "audio_yamnet_spectra"
    """The model that classifies; `edged models list` shows which there are."""
    groups: dict[str, Group] = Field(default_factory=default_groups, min_length=1, max_length=64)
    """What makes events, by a name of your choice, which is the event's label: `glass: [Glass, Shatter]`, or with
    numbers of its own `glass: {labels: [Glass, Shatter], threshold: 0.3, hold_s: 5}`."""
    windows: SoundWindowsConfig = SoundWindowsConfig()
    smoothing: SoundSmoothingConfig = SoundSmoothingConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    level: LevelConfig = LevelConfig()
    publish: PublishConfig = PublishConfig()

    @property
    def models_in_use(self) -> Mapping[str, str]:
        """What each model is for, where that needs to be said."""
        return {self.model: ""}

    @property
    def event_labels(self) -> Collection[str]:
        """What its events are labelled."""
        return self.groups

    @property
    def level_interval_s(self) -> float | None:
        """How often it tells how loud it is; None: it does not."""
        return self.level.interval_s if self.level.enabled else None


class SoundsNeeds(Needs, Protocol):
    """And whom voice and loudness are told."""

    @property
    def calibration_db(self) -> float | None:
        """Of the source: dB SPL at 0 dBFS; None: it is not calibrated."""

    def withhold(self) -> Withheld:
        """From now on clips keep of the source only what this says has been looked at and may be kept."""

    def say(self, topic: str, message: Message) -> bool:
        """On ``<topic>/<pipeline>``, now or never."""


def build(name: str, config: SoundsConfig, needs: SoundsNeeds) -> Pipeline:
    """For a running box."""
    model = needs.load(config.model)
    withheld = needs.withhold() if config.privacy.drop_voice else None
    say, calibration_db = partial(needs.say, "level"), needs.calibration_db
    source, health, sinks = needs.source(), needs.health, needs.sinks
    return sounds(
        name, config, source, model, health, *sinks, withheld=withheld, say=say, calibration_db=calibration_db
    )


KIND = Kind(SoundsConfig, build)


def sounds(
    name: str,
    config: SoundsConfig,
    source: Iterable[Chunk | Interruption],
    model: Model,
    health: Part,
    *sinks: Callable[[Event], None],
    withheld: Withheld | None = None,
    say: Callable[[LevelMessage], object] = lambda _: None,
    calibration_db: float | None = None,
) -> Pipeline:
    """The chain. ConfigError where config and model do not fit, ModelError where the model is not one for sound events.

    ``withheld`` is told where voice was heard, ``say`` gets levels, ``calibration_db`` is the microphone's.
    """
    classify, features = ClassifyEvents(model), check_fit(name, config.windows, model.card)
    voice = check_labels(name, config.privacy, config.groups, model.card)
    groups, smoothing = config.groups, config.smoothing
    smooth = {group: SmoothScores(smoothing_of(group, it, smoothing), name) for group, it in groups.items()}
    return (
        Flow.start(name, source, lambda chunk: chunk.span.end_s)
        .then(MeasureLevel(config.level, name, config.source, say, calibration_db, config.windows.rate_hz))
        .then(CutWindows(config.windows))
        .then(ComputeFeatures(features))
        .then(classify)
        .then(DropVoice(config.privacy, voice, withheld or Withheld(), health))
        .then(GroupLabels({group: it.labels for group, it in groups.items()}))
        .then(Fork(smooth, group_of))
        .then(HoldBack(config.publish, health))
        .into(*sinks, health=health, stamp=stamp_latency)
    )


class ComputeFeatures:
    """Turns each window into what the model is given of it."""

    def __init__(self, features: Features) -> None:
        self._features = features

    def __call__(self, window: Window) -> Iterable[SoundFeatures]:
        yield SoundFeatures(self._features(window.samples), window.span)


def classifier(name: str, config: SoundsConfig, model: Model) -> Callable[[Chunk], Sequence[LabelledWindow]]:
    """What the model says of each whole window of a stretch of sound, as in the chain. Raises as it does."""
    compute, classify = ComputeFeatures(check_fit(name, config.windows, model.card)), ClassifyEvents(model)

    def of(chunk: Chunk) -> list[LabelledWindow]:
        windows = CutWindows(config.windows)(chunk)
        return [labelled for window in windows for features in compute(window) for labelled in classify(features)]

    return of


def group_of(window: KnownWindow) -> str:
    """The group that it has the score of."""
    return next(iter(window.scored.scores))
