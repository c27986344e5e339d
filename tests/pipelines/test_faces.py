"""The chain of faces with what it publishes: events that may be held back, and pictures for those who want them."""

import cv2
import numpy as np
import pytest

from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.messages.event import Phase
from edged.messages.vision import Candidate, Frame
from edged.pipelines.faces import FacesConfig, FacesPublishConfig, faces
from edged.pipelines.faces import face_models as load_models
from edged.runtime.health import Health
from edged.sinks.portraits import Portraits
from edged.stages.align_face import align, template_for
from edged.stages.detect_faces import DetectFaces
from edged.stages.embed_face import EmbedFace
from tests.faces import DATA, NEED_DATA, face_models

__all__ = ["face_models"]
pytestmark = NEED_DATA
CLIP = DATA / "ageitgey__face_recognition" / "video" / "short_hamilton_clip.mp4"
FIRST_FRAME, LAST_FRAME = 141, 198
WITH_IMAGES = FacesPublishConfig.model_validate({"images": {"enabled": True}})
ANA = (Candidate("01", "Ana", 0.9),)
EPOCH_S = 1_700_000_000.0


@pytest.fixture(scope="module")
def models(face_models):
    return load_models(FacesConfig(), Catalogue(ModelsConfig(path=face_models)).load)


@pytest.fixture(scope="module")
def frames():
    """Two seconds in which one man looks at us, several times over."""
    film = cv2.VideoCapture(str(CLIP))
    pictures = [film.read()[1] for _ in range(LAST_FRAME)][FIRST_FRAME::3]
    film.release()
    return [Frame(picture, 0.1 * number, EPOCH_S) for number, picture in enumerate((pictures + pictures[::-1]) * 2)]


class Seen:
    """What came of the frames."""

    def __init__(self, models, frames, nearest, publish):
        self.events, self.sent, part = [], {}, Health().part("pipelines.people")
        portraits = Portraits(publish.images, self._take, part)
        config = FacesConfig(publish=publish)
        faces("people", config, frames, models, lambda _: nearest, part, self.events.append, portraits).run()
        self.counted = part.snapshot().counters
        self.phases = [(event.phase, event.label) for event in self.events if event.phase is not Phase.UPDATE]

    def _take(self, topic, jpeg):
        self.sent.setdefault(topic, []).append(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))
        return True


@pytest.fixture(scope="module")
def embed(models):
    """What the embedder makes of a picture of the face in a portrait."""
    detect = DetectFaces(FacesConfig().detection, models.detector, models.landmarks)
    template, embedder = template_for(models.embedder.card), EmbedFace(models.embedder)

    def embed(picture, portrait):
        """With the keypoints that are seen in the portrait: whoever has but the picture cannot know better."""
        (face, *_) = detect.in_still(Frame(portrait, 0.0)).faces
        return embedder.embed(align(picture, face.keypoints, *template))

    return embed


def test_a_known_face_can_be_recognised_on_its_picture_and_a_strangers_cannot(models, frames, embed):
    """The same man, looked at in the very place where his eyes are, is not like himself any more."""
    known, stranger = (Seen(models, frames[:20], nearest, WITH_IMAGES) for nearest in (ANA, ()))
    assert known.phases == [(Phase.START, "Ana"), (Phase.END, "Ana")]
    assert stranger.phases == [(Phase.START, "unknown"), (Phase.END, "unknown")]
    ((sharp, *_),), ((blurred, *_),) = known.sent.values(), stranger.sent.values()
    shown, portrait = embed(sharp, known.events[0].portrait), stranger.events[0].portrait
    assert shown @ embed(portrait, portrait) > FacesConfig().identity.threshold
    assert shown @ embed(blurred, portrait) < FacesConfig().identity.release


def test_pictures_go_to_the_topic_of_their_event(models, frames):
    """At most two of an event, and each is counted."""
    seen = Seen(models, frames, ANA, WITH_IMAGES)
    assert set(seen.sent) == {f"event/people/{seen.events[0].id}/image"}
    assert len(*seen.sent.values()) == seen.counted["images_sent"] <= 2


def test_no_portrait_is_made_where_none_is_published(models, frames):
    """Nothing of a face goes farther than it must."""
    seen = Seen(models, frames[:20], ANA, FacesPublishConfig())
    assert [event.portrait for event in seen.events] == [None] * len(seen.events)
    assert seen.sent == {}


def test_an_event_that_is_held_back_has_no_picture_either(models, frames):
    """Nobody is told, in no way; health counts it."""
    seen = Seen(models, frames[:20], ANA, WITH_IMAGES.model_copy(update={"min_confidence": 1.0}))
    assert (seen.events, seen.sent, seen.counted["held_confidence"]) == ([], {}, 1)
