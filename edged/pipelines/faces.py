"""From a camera's frames to events about people."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Literal, NamedTuple, Protocol

from edged.config import Slug
from edged.inference.model import Model
from edged.messages.event import Event
from edged.messages.vision import AlignedFace, CheckedFace, EmbeddedFace, Embedding, Frame, Nearest, TrackedFace
from edged.pipelines.kind import Kind, Needs, PipelineSection
from edged.pipelines.latency import stamp_latency
from edged.runtime.flow import Flow, Interruption, Pipeline
from edged.runtime.health import Part
from edged.sinks.portraits import ImagesConfig
from edged.stages.align_face import AlignFace
from edged.stages.check_liveness import CheckLiveness, LivenessConfig
from edged.stages.detect_faces import DetectFaces, DetectionConfig
from edged.stages.embed_face import EmbedFace
from edged.stages.hold_back import HoldBack, PublishConfig
from edged.stages.match_face import MatchFace
from edged.stages.smooth_identity import IdentityConfig, SmoothIdentity
from edged.stages.track_faces import TrackFaces, TrackingConfig


class FacesPublishConfig(PublishConfig):
    """Which events are published, and whether pictures are; events held back are counted in health as `held_…`."""

    images: ImagesConfig = ImagesConfig()

    @property
    def portrait_px(self) -> int:
        """Most of a side of the portraits to be made; 0: none."""
        return self.images.max_side_px if self.images.enabled else 0


class FacesConfig(PipelineSection):
    """Recognises the people it was taught."""

    LOOKS: ClassVar[bool] = True
    THRESHOLD: ClassVar[str] = "identity.threshold"

    kind: Literal["faces"] = "faces"
    enabled: bool = True
    """When off, this pipeline does not run."""
    source: Slug = "camera"
    """The camera it looks through."""
    detector: Slug = "face_rfb_320"
    """The model that finds faces; `edged models list` shows which there are."""
    landmarks: Slug | None = "face_blaze_front"
    """A second detector that looks at each face again for eyes, nose and mouth; null: the first one's will do."""
    embedder: Slug = "face_embedding"
    """The model that tells faces apart. People enrolled with another one must be enrolled again."""
    detection: DetectionConfig = DetectionConfig()
    tracking: TrackingConfig = TrackingConfig()
    liveness: LivenessConfig = LivenessConfig()
    identity: IdentityConfig = IdentityConfig()
    publish: FacesPublishConfig = FacesPublishConfig()

    @property
    def models_in_use(self) -> Mapping[str, str]:
        """What each model is for."""
        landmarks = {self.landmarks: "landmarks"} if self.landmarks else {}
        liveness = dict.fromkeys(self.liveness.models_in_use, "liveness")
        return {self.detector: "detector", **landmarks, **liveness, self.embedder: "embedder"}

    @property
    def images(self) -> ImagesConfig:
        """Portraits."""
        return self.publish.images


class FaceModels(NamedTuple):
    """The models of one pipeline, ready to run."""

    detector: Model
    landmarks: Model | None
    liveness: tuple[Model, ...]
    embedder: Model


def face_models(config: FacesConfig, load: Callable[[str], Model]) -> FaceModels:
    """Load what ``config`` names. ModelError where one is not here."""
    return FaceModels(
        detector=load(config.detector),
        landmarks=load(config.landmarks) if config.landmarks else None,
        liveness=tuple(load(name) for name in config.liveness.models_in_use),
        embedder=load(config.embedder),
    )


class FacesNeeds(Needs, Protocol):
    """And the gallery."""

    def search(self, config: FacesConfig, models: FaceModels) -> Callable[[Embedding], Nearest]:
        """Finds the most similar people in it."""


def build(name: str, config: FacesConfig, needs: FacesNeeds) -> Pipeline:
    """For a running box."""
    models = face_models(config, needs.load)
    search = needs.search(config, models)
    return faces(name, config, needs.source(), models, search, needs.health, *needs.sinks)


KIND = Kind(FacesConfig, build)


def faces(
    name: str,
    config: FacesConfig,
    source: Iterable[Frame | Interruption],
    models: FaceModels,
    search: Callable[[Embedding], Nearest],
    health: Part,
    *sinks: Callable[[Event], None],
) -> Pipeline:
    """The chain. ``search`` finds the most similar people. ModelError where a model is not one for its task."""
    return (
        Flow.start(name, source, lambda frame: frame.at_s)
        .then(DetectFaces(config.detection, models.detector, models.landmarks))
        .then(TrackFaces(config.tracking))
        .on(TrackedFace, AlignFace(models.embedder.card))
        .on(AlignedFace, CheckLiveness(config.liveness, models.liveness))
        .on(CheckedFace, EmbedFace(models.embedder))
        .on(EmbeddedFace, MatchFace(search))
        .then(SmoothIdentity(config.identity, name, portrait_px=config.publish.portrait_px))
        .then(HoldBack(config.publish, health))
        .into(*sinks, health=health, stamp=stamp_latency)
    )
