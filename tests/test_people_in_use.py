"""PeopleInUse: the gallery of a running box is searched, looked after, and believed only while it can be read."""

from contextlib import ExitStack, closing
from datetime import date
from types import SimpleNamespace

import pytest

from edged.control.config import ControlConfig
from edged.errors import GalleryError
from edged.gallery.config import GalleryConfig
from edged.gallery.gallery import Gallery
from edged.inference.files.card import Card, ModelFile
from edged.messages.health import State
from edged.people_in_use import PeopleInUse
from edged.pipelines.faces import FaceModels, FacesConfig
from edged.runtime.health import Health
from edged.settings import Settings
from edged.sinks.clips import Clips, ClipsConfig
from tests.gallery.faces import MODEL, OTHER_MODEL, a_sample, samples, unit
from tests.sinks.clips.evidence import EPOCH_S, LIMITS, keep, picture

CARD = Card(
    name="face_embedding",
    version="1",
    task="face-embedding",
    files={"cpu": ModelFile(path="face_embedding.tflite", sha256=MODEL)},
    inputs=(),
    outputs=(),
    labels=(),
    licence="",
    source="",
)


class Box:
    """What looks after the gallery, its health, and the gallery as another process has it open."""

    def __init__(self, folder, stack):
        config = GalleryConfig(path=folder)
        self.stack, health = stack, Health()
        self.health = health.part("gallery")
        self.gallery = stack.enter_context(closing(Gallery.open(config)))
        settings = Settings(gallery=config, control=ControlConfig(enabled=False))
        self.people = PeopleInUse(settings, health, lambda *_: None, lambda _: iter(()))

    def search(self):
        models = FaceModels(None, None, (), SimpleNamespace(card=CARD))
        return self.people.search(FacesConfig(), models)


@pytest.fixture
def box(tmp_path):
    with ExitStack() as stack:
        yield Box(tmp_path / "faces", stack)


def test_people_are_found_by_the_embedder_that_they_were_enrolled_with(box):
    """Nothing is wrong with the gallery, and health says so."""
    ana = box.gallery.add("Ana", samples(3), by="test")
    nearest = box.search()(unit(0))
    assert [candidate.person for candidate in nearest] == [ana.id]
    assert box.health.state is State.OK


def test_people_of_another_embedder_are_counted_in_health_and_not_named_there(box):
    """They are not found until they are enrolled again."""
    box.gallery.add("Ana", [a_sample(sha256=OTHER_MODEL)], by="test")
    assert box.search()(unit(0)) == ()
    assert box.health.state is State.DEGRADED
    (reason,) = box.health.snapshot().reasons
    assert "another model than face_embedding: 1;" in reason
    assert "Ana" not in reason


def test_whose_time_is_over_is_gone_when_the_box_has_started(box):
    """The upkeep begins at once."""
    box.gallery.add("Ana", samples(1), by="test", expires=date(2020, 1, 1))
    box.search()
    while box.gallery.people():
        box.people._stopping.wait(0.01)
    assert "expire" in [entry.action for entry in box.gallery.audit(10)]


def test_a_gallery_that_cannot_be_read_makes_everybody_unknown(box):
    """Nobody is named by what may be damaged, and health says what is wrong and what to do."""
    box.search()

    class Damaged:
        def search(self, _):
            raise GalleryError("gallery: the database is damaged")

    assert box.people._search(Damaged(), unit(0)) == ()
    assert box.health.state is State.FAILING
    assert "damaged; everybody is unknown; start edged again" in box.health.snapshot().reasons[0]


def test_who_was_erased_by_whomever_is_told_from_then_on(box):
    """Another process may have done it; nobody where no pipeline needs a gallery."""
    ana = box.gallery.add("Ana", samples(1), by="test")
    assert set(box.people.erased()) == set()
    box.search()
    assert set(box.people.erased()) == set()
    box.gallery.erase(ana.id, by="test")
    assert set(box.people.erased()) == {ana.id}


def test_who_was_erased_is_still_known_when_the_gallery_is_closed(box):
    """The clips are stopped after it, and their last look must not fail."""
    ana = box.gallery.add("Ana", samples(1), by="test")
    box.gallery.erase(ana.id, by="test")
    with ExitStack() as stack:
        box.people.start(stack)
        box.search()
        assert set(box.people.erased()) == {ana.id}
    assert set(box.people.erased()) == {ana.id}


def test_the_clips_of_a_person_go_when_they_are_erased(box, tmp_path):
    """The whole way, from the command to the disk."""
    ana = box.gallery.add("Ana", samples(1), by="test")
    box.search()
    now_s = [0.0]
    config = ClipsConfig(**LIMITS | {"folder": tmp_path / "clips"})
    clips = Clips(config, {}, Health().part("clips"), lambda: now_s[0], lambda: EPOCH_S, box.people.erased)
    clips.step()
    event = keep(clips.store, 1, (picture(),), pipeline="faces", subject=f"person:{ana.id}")
    box.gallery.erase(ana.id, by="test")
    now_s[0] += 60
    clips.step()
    assert clips.store.find(event) is None
