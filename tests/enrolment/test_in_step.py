"""InStep: enrolment goes by the models of a pipeline that runs, and keeps them as long as one has them."""

from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from edged.enrolment.in_step import InStep
from edged.inference.files.card import Card, ModelFile
from edged.pipelines.faces import FaceModels, FacesConfig


def a_model(name):
    files = {"cpu": ModelFile(path="it.tflite", sha256=f"{ord(name):064x}")}
    words = {"version": "1", "task": "it", "licence": "", "source": ""}
    return SimpleNamespace(card=Card(name=name, files=files, inputs=(), outputs=(), labels=(), **words))


class Box:
    """What is served, and which models were let go of."""

    def __init__(self):
        self.handlers, self.let_go = {}, []
        self.in_step = InStep(self.handlers, self._serve)

    def _serve(self, config, embedder, stack):
        stack.callback(self.let_go.append, embedder.name)
        return {"it": f"{embedder.name} {config.source}"}

    def begin(self, embedder, source="door", detector="d"):
        """A pipeline; it runs until what is returned is closed."""
        stack = ExitStack()
        models = FaceModels(a_model(detector), None, (), a_model(embedder))
        self.in_step.begin(FacesConfig(source=source), models, stack)
        return stack


@pytest.fixture
def box():
    return Box()


def test_the_first_pipeline_is_followed(box):
    """However many come after it."""
    box.begin("a")
    box.begin("b", "yard")
    assert box.handlers == {"it": "a door"}
    assert [card.name for card in box.in_step.embedders] == ["a", "b"]


def test_when_it_ends_one_with_the_same_models_is_followed_and_else_the_next(box):
    """So that whom it was taught are found by those who go on; the models before are let go of."""
    first, other, same = box.begin("a"), box.begin("b", "yard"), box.begin("a", "gate")
    first.close()
    assert box.handlers == {"it": "a gate"}
    same.close()
    assert (box.handlers, box.let_go) == ({"it": "b yard"}, ["a", "a"])
    other.close()
    assert (box.handlers, box.in_step.embedder.name, box.in_step.embedders) == ({"it": "b yard"}, "b", [])


def test_a_pipeline_that_is_made_anew_with_other_models_takes_enrolment_along(box):
    """The new one is there before the old one goes."""
    before = box.begin("a")
    box.begin("b")
    assert box.handlers == {"it": "a door"}
    before.close()
    assert box.handlers == {"it": "b door"}


def test_another_detector_is_another_way_to_enrol(box):
    """Not the embedder alone counts."""
    before = box.begin("a")
    box.begin("a", detector="e")
    before.close()
    assert box.let_go == ["a"]


def test_at_the_end_the_models_are_let_go_of(box):
    """Once."""
    box.begin("a")
    box.in_step.close()
    box.in_step.close()
    assert box.let_go == ["a"]


def test_what_is_served_is_made_anew_when_asked(box):
    """As other settings for enrolment are wanted; the models are let go of and had again."""
    box.in_step.anew()
    assert box.handlers == {}
    box.begin("a")
    made = box.handlers.pop("it")
    box.in_step.anew()
    assert (box.handlers, box.let_go) == ({"it": made}, ["a"])
