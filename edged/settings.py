"""Settings: the whole configuration of a box, put together from what each part declares."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field, field_validator, model_validator

from edged.commands.config import CommandsConfig
from edged.config import Section, Slug, load
from edged.confirm_events import ConfirmationConfig
from edged.control.config import ControlConfig
from edged.enrolment.config import EnrolmentConfig
from edged.gallery.config import GalleryConfig
from edged.guards.config import GuardsConfig
from edged.history.config import HistoryConfig, history_path
from edged.home_assistant.config import HomeAssistantConfig
from edged.inference.accelerators import AcceleratorConfig
from edged.inference.catalogue import ModelsConfig
from edged.metrics.config import MetricsConfig
from edged.outbox import OutboxConfig
from edged.outbox.config import outbox_path
from edged.pipelines.drones import DronesConfig
from edged.pipelines.kind import PipelineSection
from edged.pipelines.kinds import KINDS
from edged.runtime.logs import LogConfig
from edged.runtime.machine import host_slug
from edged.sinks.clips.config import ClipsConfig, clips_folder
from edged.sinks.journal import JournalConfig
from edged.sinks.mqtt import MqttConfig
from edged.sources.camera import CameraConfig
from edged.sources.microphone import MicrophoneConfig
from edged.sources.recording import RecordingConfig

SEARCH_PATH = (Path("edged.yaml"), Path("/etc/edged/edged.yaml"))
"""Where the configuration is looked for when none is named; `$EDGED_CONFIG` goes before them."""


class HealthConfig(Section):
    """How the box tells how well it is."""

    interval_s: float = Field(30.0, ge=1, le=3600)
    """Health is published this often, and at each change."""
    flaps: int = Field(5, ge=1, le=1000)
    """A part that goes down more often than this within 5 minutes is degraded until it has been calm for a minute."""


SoundSource = MicrophoneConfig | RecordingConfig
Source = Annotated[SoundSource | CameraConfig, Field(discriminator="type")]
if TYPE_CHECKING:
    PipelineConfig = PipelineSection
else:
    PipelineConfig = Annotated[Union[*(kind.config for kind in KINDS.values())], Field(discriminator="kind")]


def default_sources() -> dict[str, Source]:
    """One microphone, the system's default."""
    return {"microphone": MicrophoneConfig()}


def examples() -> dict[str, dict[str, Section]]:
    """By a setting's name: what may stand there besides its default."""
    return {
        "sources": {"camera": CameraConfig(device=0)},
        "pipelines": {name: kind.config() for name, kind in KINDS.items() if name not in default_pipelines()},
    }


def default_pipelines() -> dict[str, PipelineConfig]:
    """Drones."""
    return {"drones": DronesConfig()}


class Settings(Section):
    """What edged does on this box."""

    device: Slug | None = None
    """The box's name in topics; null: its host name."""
    site: str | None = None
    """Where the box belongs, for whoever reads `info`."""
    location: str | None = None
    """Where it stands, for whoever reads `info`."""
    sources: dict[Slug, Source] = Field(default_factory=default_sources)
    """What the box hears and sees with, by a name of your choice."""
    pipelines: dict[Slug, PipelineConfig] = Field(default_factory=default_pipelines)
    """What it makes of it, by a name of your choice that stands in the topics."""
    confirmations: dict[Slug, ConfirmationConfig] = Field({}, max_length=20)
    """When several pipelines agree, that is an event of its own, by a name of your choice that stands in the topics."""
    models: ModelsConfig = ModelsConfig()
    accelerator: AcceleratorConfig = AcceleratorConfig()
    gallery: GalleryConfig = GalleryConfig()
    enrolment: EnrolmentConfig = EnrolmentConfig()
    control: ControlConfig = ControlConfig()
    mqtt: MqttConfig = MqttConfig()
    outbox: OutboxConfig = OutboxConfig()
    commands: CommandsConfig = CommandsConfig()
    home_assistant: HomeAssistantConfig = HomeAssistantConfig()
    clips: ClipsConfig = ClipsConfig()
    history: HistoryConfig = HistoryConfig()
    journal: JournalConfig = JournalConfig()
    health: HealthConfig = HealthConfig()
    guards: GuardsConfig = GuardsConfig()
    metrics: MetricsConfig = MetricsConfig()
    log: LogConfig = LogConfig()

    @property
    def device_name(self) -> str:
        """The box's name in topics."""
        return self.device or host_slug()

    @field_validator("pipelines", mode="before")
    @classmethod
    def _are_drones_unless_they_say(cls, pipelines: Any) -> Any:
        if not isinstance(pipelines, dict):
            return pipelines
        return {name: {"kind": "drones", **it} if isinstance(it, dict) else it for name, it in pipelines.items()}

    @field_validator("pipelines")
    @classmethod
    def _none_is_the_daemon(cls, pipelines: dict[str, PipelineConfig]) -> dict[str, PipelineConfig]:
        if "daemon" in pipelines:
            raise ValueError("daemon: is no name for a pipeline: a command to restart it would restart the whole box")
        return pipelines

    @model_validator(mode="after")
    def _sources_exist(self) -> "Settings":
        for name, pipeline in self.pipelines.items():
            if pipeline.enabled and pipeline.source not in self.sources:
                known = ", ".join(self.sources) or "none"
                raise ValueError(f"pipelines.{name}.source: {pipeline.source!r}, must be one of the sources: {known}")
            if pipeline.enabled and isinstance(self.sources[pipeline.source], CameraConfig) != pipeline.LOOKS:
                wanted = "a camera" if pipeline.LOOKS else "a microphone or a recording"
                raise ValueError(f"pipelines.{name}.source: {pipeline.source!r}, must be {wanted}")
        return self

    @model_validator(mode="after")
    def _weights_are_of_sources(self) -> "Settings":
        if wrong := next((name for name in self.accelerator.turns.weights if name not in self.sources), None):
            known = ", ".join(self.sources) or "none"
            raise ValueError(f"accelerator.turns.weights.{wrong}: must be one of the sources: {known}")
        return self

    @model_validator(mode="after")
    def _confirmations_are_of_pipelines(self) -> "Settings":
        for name, rule in self.confirmations.items():
            if name in {*self.pipelines, "daemon"}:
                raise ValueError(f"confirmations.{name}: is the name of a pipeline; choose another")
            for number, condition in enumerate(rule.all):
                if condition.pipeline not in self.pipelines:
                    known = ", ".join(self.pipelines) or "none"
                    raise ValueError(
                        f"confirmations.{name}.all.{number}.pipeline: {condition.pipeline!r}, must be one of the "
                        f"pipelines: {known}"
                    )
                key = f"confirmations.{name}.all.{number}.labels"
                self.pipelines[condition.pipeline].check_event_labels(key, condition.labels)
        return self


def folders_written(settings: Settings) -> list[Path]:
    """Where the box writes while it runs."""
    clips = [clips_folder(settings.clips)] if settings.clips.enabled else []
    history = [history_path(settings.history).parent] if settings.history.enabled else []
    return list(dict.fromkeys([outbox_path(settings.outbox).parent, *clips, *history]))


def find_settings(path: Path | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file to read: the one named, else the first of ``$EDGED_CONFIG`` and the search path that is there."""
    if path is not None:
        return path
    if named := environment.get("EDGED_CONFIG"):
        return Path(named)
    return next((candidate for candidate in SEARCH_PATH if candidate.is_file()), None)


def read_settings(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """The box's settings; ConfigFaults with everything that is wrong."""
    return load(Settings, find_settings(path, environment), environment)
