"""From a camera's frames to events about objects."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from edged.config import Slug
from edged.inference.model import Model
from edged.messages.event import Event
from edged.messages.vision import Frame
from edged.object_decoders import check_labels
from edged.pipelines.kind import Kind, Needs, PipelineSection
from edged.pipelines.latency import stamp_latency
from edged.runtime.flow import Flow, Interruption, Pipeline
from edged.runtime.health import Part
from edged.stages.detect_objects import DetectObjects, ObjectDetectionConfig
from edged.stages.gate_motion import GateMotion, MotionConfig
from edged.stages.hold_back import HoldBack, PublishConfig
from edged.stages.smooth_objects import ObjectEventsConfig, SmoothObjects
from edged.stages.track_objects import ObjectTrackingConfig, TrackObjects
from edged.stages.watch_zones import WatchZones, ZoneConfig

MOST_ZONES = 6
"""Of a pipeline: an event that names them all, with the longest names, still fits in 2 KB on the wire."""


class ObjectsConfig(PipelineSection):
    """Sees people, cars, animals and whatever else its model knows."""

    LOOKS: ClassVar[bool] = True
    THRESHOLD: ClassVar[str] = "detection.score"

    kind: Literal["objects"] = "objects"
    enabled: bool = True
    """When off, this pipeline does not run."""
    source: Slug = "camera"
    """The camera it looks through."""
    model: Slug = "objects_coco_ssd"
    """The model that finds objects; `edged models list` shows which there are."""
    motion: MotionConfig = MotionConfig()
    detection: ObjectDetectionConfig = ObjectDetectionConfig()
    tracking: ObjectTrackingConfig = ObjectTrackingConfig()
    zones: dict[Slug, ZoneConfig] = Field({}, max_length=MOST_ZONES)
    """Parts of the picture that matter, by a name of your choice that stands in the events: an event is updated at
    once when its object goes into one or out of it."""
    events: ObjectEventsConfig = ObjectEventsConfig()
    publish: PublishConfig = PublishConfig()

    @property
    def models_in_use(self) -> Mapping[str, str]:
        """What each model is for."""
        return {self.model: ""}

    @property
    def event_labels(self) -> Collection[str] | None:
        """What its events may be labelled; None: whatever its model knows."""
        return self.detection.labels or None

    @model_validator(mode="after")
    def _zones_are_there(self) -> "ObjectsConfig":
        if self.events.only_in_zones and not self.zones:
            raise ValueError("events.only_in_zones: true, needs at least one of `zones`; name one, or make it false")
        for name, zone in self.zones.items():
            for label in zone.labels:
                if self.detection.labels and label not in self.detection.labels:
                    raise ValueError(f"zones.{name}.labels: {label!r}, must be one of detection.labels")
        return self


def build(name: str, config: ObjectsConfig, needs: Needs) -> Pipeline:
    """For a running box."""
    model = needs.load(config.model)
    return objects(name, config, needs.source(), model, needs.health, *needs.sinks)


KIND = Kind(ObjectsConfig, build)


def objects(
    name: str,
    config: ObjectsConfig,
    source: Iterable[Frame | Interruption],
    model: Model,
    health: Part,
    *sinks: Callable[[Event], None],
) -> Pipeline:
    """The chain. ModelError where the model is no detector of objects, or knows not all labels."""
    for zone, it in config.zones.items():
        check_labels(model.card, it.labels, f"zones.{zone}.labels")
    track = TrackObjects(config.tracking)
    return (
        Flow.start(name, source, lambda frame: frame.at_s)
        .then(GateMotion(config.motion, health, busy=track.restless))
        .then(DetectObjects(config.detection, model))
        .then(track)
        .then(WatchZones(config.zones))
        .then(SmoothObjects(config.events, name))
        .then(HoldBack(config.publish, health))
        .into(*sinks, health=health, stamp=stamp_latency)
    )
