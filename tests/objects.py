"""What tests of objects share: a detector that says what it was told, frames, sightings and tracks."""

from pathlib import Path

import numpy as np
import pytest

from edged.cli import main
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.files.card import Card
from edged.inference.model import Answer
from edged.messages.event import ModelUse
from edged.messages.objects import DetectedObjects, LostObject, PlacedObject, Sighting, TrackedObject
from edged.messages.vision import Box, Frame

DATA = Path(__file__).parents[1].parent / "shared" / "data"
NEED_DATA = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here: no model of objects")
CARDS = Catalogue(ModelsConfig()).available()
COCO = CARDS["objects_coco_ssd"]
USE = ModelUse("made_up", "0" * 64, "cpu")
PICTURE = np.full((480, 640, 3), 128, np.uint8)
EPOCH_S = 1_700_000_000.0

Told = list[tuple[str, float, tuple[float, float, float, float]]]
"""Label, score, and left, top, right, bottom in shares of what the model sees."""


class FakeDetector:
    """A detector with ready boxes: each time it is asked it says the next thing that it was told, the last for ever."""

    home = "cpu"
    folder = Path()

    def __init__(self, *answers: Told, card: Card = COCO) -> None:
        self.card, self._answers = card, list(answers)
        self.shown: list[np.ndarray] = []

    def run(self, inputs):
        self.shown += inputs
        told = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        boxes, classes, scores = np.zeros((1, 10, 4)), np.zeros((1, 10)), np.zeros((1, 10))
        for row, (label, score, (left, top, right, bottom)) in enumerate(told):
            boxes[0, row] = top, left, bottom, right
            classes[0, row], scores[0, row] = self.card.labels.index(label), score
        return Answer([np.asarray(each, np.float32) for each in (boxes, classes, scores, [len(told)])], USE)

    def close(self) -> None:
        """Nothing to be done."""


@pytest.fixture(scope="session")
def object_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for ``ModelsConfig(path=…)``; import it where a test wants it."""
    if not DATA.is_dir():
        pytest.skip("../shared/data is not here: no model of objects")
    folder = tmp_path_factory.mktemp("objects")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGED_MODELS__PATH", str(folder))
        patch.chdir(folder)
        assert main(["models", "pull", "objects_coco_ssd", "face_ssd_slim", "--mirror", str(DATA)]) == 0
    return folder


def a_frame(at_s: float = 0.0, picture: np.ndarray = PICTURE) -> Frame:
    return Frame(picture, at_s, EPOCH_S)


def a_sighting(
    x: float = 100.0, y: float = 100.0, side: float = 80.0, label: str = "person", score: float = 0.8, *, sure=True
) -> Sighting:
    """A square whose left upper corner is at x, y."""
    return Sighting(Box(x, y, x + side, y + side), label, score, sure)


def seen(at_s: float, *sightings: Sighting) -> DetectedObjects:
    return DetectedObjects(a_frame(at_s), sightings, USE)


def tracked(at_s: float, track: int = 1, label: str = "person", **sighting) -> TrackedObject:
    return TrackedObject(a_frame(at_s), a_sighting(label=label, **sighting), track, label, USE)


def placed(at_s: float, zones: tuple[str, ...] = (), *, entered=False, left=False, **it) -> PlacedObject:
    return PlacedObject(tracked(at_s, **it), zones, entered, left)


def lost(at_s: float, track: int = 1) -> LostObject:
    return LostObject(track, at_s)
