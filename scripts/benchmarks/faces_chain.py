"""The real pipeline of faces, fed frame by frame, and the bare interpreters that it is compared with."""

from collections.abc import Callable, Sequence

from benchmarks.chain import bare_invoke
from benchmarks.faces_data import catalogue
from edged.inference.model import Answer, Array, Model
from edged.messages.event import Event
from edged.messages.vision import Candidate, Embedding, Frame, Nearest, Picture
from edged.pipelines.faces import FaceModels, FacesConfig, face_models, faces
from edged.runtime.health import Health
from edged.stages.track_faces import TrackingConfig

FRAME_S = 0.1


def every_look() -> FacesConfig:
    """The defaults, but that the face is looked at in each frame: the dearest that a frame can be."""
    return FacesConfig(tracking=TrackingConfig(look_s=0.0, min_quality=0.0))


class Noted:
    """A model that notes its name whenever it is asked."""

    def __init__(self, model: Model, asked: list[str]) -> None:
        self.card, self.folder, self.home, self.close = model.card, model.folder, model.home, model.close
        self._run, self._asked = model.run, asked

    def run(self, inputs: Sequence[Array]) -> Answer:
        """As the model does."""
        self._asked.append(self.card.name)
        return self._run(inputs)


def load_models(asked: list[str] | None = None) -> FaceModels:
    """Those of the default pipeline; they note in ``asked`` which of them was."""
    load = catalogue().load
    return face_models(FacesConfig(), load if asked is None else lambda name: Noted(load(name), asked))


def bare_invokes(names: Sequence[str]) -> Callable[[], object]:
    """``invoke()`` of each model, one after the other: nothing set, nothing read."""
    invokes = [bare_invoke(catalogue().load(name)) for name in names]

    def invoke() -> None:
        for one in invokes:
            one()

    return invoke


def nobody(_: Embedding) -> Nearest:
    """A search that costs nothing and finds somebody far away."""
    return (Candidate("01", "Nobody", 0.0),)


class Chain:
    """`edged.pipelines.faces`, fed with one frame over and over."""

    def __init__(self, models: FaceModels, picture: Picture) -> None:
        self.events: list[Event] = []
        self._pipeline = faces("bench", every_look(), (), models, nobody, Health().part("bench"), self.events.append)
        self._picture, self._fed = picture, 0

    def step(self) -> bool:
        """One frame from the camera to its end in the chain."""
        frame = self._picture.view()  # another one each time, so that nothing made of the last one serves for it
        self._pipeline.feed(Frame(frame, self._fed * FRAME_S))
        self._fed += 1
        return True
