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


OTHER = CARD.model_copy(
    update={"name": "other_embedding", "files": {"cpu": ModelFile(path="other.tflite", sha256=OTHER_MODEL)}}
)


class Box:
    """What looks after the gallery, its health, and the gallery as another process has it open."""

    def __init__(self, folder, stack):
        config = GalleryConfig(path=folder)
        self.stack, self.folder, health = stack, folder, Health()
        self.synchronised = True
        self.health = health.part("gallery")
        self.gallery = stack.enter_context(closing(Gallery.open(config)))
        settings = Settings(gallery=config, control=ControlConfig(enabled=False))
        self.people = PeopleInUse(settings, health, lambda *_: None, lambda _: iter(()), lambda: self.synchronised)

    def search(self, card=CARD, stack=None):
        models = FaceModels(None, None, (), SimpleNamespace(card=card))
        return self.people.search(FacesConfig(embedder=card.name), models, stack or self.stack)

    @property
    def reasons(self):
        return self.health.snapshot().reasons

    def to_be_enrolled_again(self):
        """Names, by the embedder of those who enrol now."""
        (answer,) = self.people.handlers["people.list"]({}, SimpleNamespace(by="test"))
        return [person["name"] for person in answer.value["people"] if person["re_enrol"]]


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


def test_people_are_enrolled_by_the_embedder_of_the_pipeline_that_runs(box):
    """One that is switched off and comes back with another embedder takes enrolment along."""
    box.gallery.add("Ana", samples(3), by="test")
    with ExitStack() as running:
        box.search(CARD, running)
        assert box.to_be_enrolled_again() == []
    assert box.to_be_enrolled_again() == []  # nobody recognises: as before
    with ExitStack() as running:
        box.search(OTHER, running)
        assert box.to_be_enrolled_again() == ["Ana"]


def test_two_embedders_at_once_are_told_in_health_until_one_of_them_is_gone(box):
    """Whom the first one is taught, the other one cannot find; what to do stands there, too."""
    first, second = ExitStack(), ExitStack()
    with first, second:
        box.search(CARD, first)
        box.search(OTHER, second)
        assert box.health.state is State.DEGRADED
        (reason,) = box.reasons
        assert reason.startswith("enrolled now by face_embedding, which other_embedding does not understand; give all")
        first.close()
        assert (box.health.state, box.reasons) == (State.OK, ())
        box.gallery.add("Ana", samples(3), by="test")
        assert box.to_be_enrolled_again() == ["Ana"]


def test_whose_time_is_over_is_gone_when_the_box_has_started(box):
    """The upkeep begins at once."""
    box.gallery.add("Ana", samples(1), by="test", expires=date(2020, 1, 1))
    box.search()
    while box.gallery.people():
        box.people._stopping.wait(0.01)
    assert "expire" in [entry.action for entry in box.gallery.audit(10)]


def test_nobodys_time_is_over_where_the_clock_is_wrong(box):
    """Who was erased does not come back; the rest of the upkeep goes on."""
    box.synchronised = False
    box.gallery.add("Ana", samples(1), by="test", expires=date(2020, 1, 1))
    box.search()
    while not list(box.folder.glob("**/*-*.db")):
        box.people._stopping.wait(0.01)
    assert [person.name for person in box.gallery.people()] == ["Ana"]


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


def test_other_settings_for_people_are_taken_up_while_the_gallery_is_open(box, tmp_path):
    """Those of enrolment by whoever asks next; whoever is enrolled then goes when the new settings say."""
    box.search()
    before = dict(box.people.handlers)
    kept = GalleryConfig(path=tmp_path / "faces", expire_days=1)
    box.people.use(Settings(gallery=kept, enrolment={"min_light": 0.9}))
    assert box.people.handlers.keys() == before.keys()
    assert box.people.handlers["people.list"] is not before["people.list"]
    gallery, _ = box.people._open
    assert gallery.add("Bo", samples(1), by="test").expires is not None
