"""ModelsInUse: each model once, as long as it is wanted; shadows look at nothing while the box sheds load."""

import io
from contextlib import ExitStack

import pytest

from edged.changes import Changes
from edged.daemon import Daemon
from edged.messages.health import State
from edged.models_in_use import ModelsInUse
from edged.pipelines.drones import DronesConfig
from edged.runtime.health import Health
from edged.settings import Settings
from edged.trial import made_up_window
from tests.broker import wait_until
from tests.sound_models import install

CONFIG = DronesConfig(model="sound", shadow="candidate")
WINDOW = made_up_window(CONFIG)


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    folder = tmp_path_factory.mktemp("models")
    for name in ("sound", "candidate", "another"):
        install(folder, name)
    return Settings.model_validate({"models": {"path": folder}, "mqtt": {"enabled": False}})


class Box:
    """The models of a box, whose pipelines are judged window by window."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self.health, self._stack = Health(), stack
        self.models = ModelsInUse(settings, self.health, lambda *_: None)

    def judge(self, pipeline: str, config: DronesConfig):
        stack = self._stack.enter_context(ExitStack())
        judge = self.models.judge(pipeline, config, stack)
        self.leave = stack.close
        return judge

    def counted(self, shadow: str, what: str) -> float:
        return self.health.part(f"models.{shadow}").snapshot().counters.get(what, 0)


@pytest.fixture
def box(settings):
    with ExitStack() as stack:
        yield Box(settings, stack)


def test_a_paused_shadow_looks_at_nothing_and_then_again(box):
    """What it would have been shown is counted as paused; the model in use answers all the while."""
    judge = box.judge("drones", CONFIG)
    assert judge(WINDOW)
    wait_until(lambda: box.counted("candidate", "windows") == 1)
    box.models.pause_shadows(True)
    for _ in range(3):
        assert judge(WINDOW)
    assert box.counted("candidate", "paused") == 3
    box.models.pause_shadows(False)
    assert judge(WINDOW)
    wait_until(lambda: box.counted("candidate", "windows") == 2)
    assert box.counted("candidate", "paused") == 3
    assert box.health.part("models.candidate").state is State.OK


def test_a_shadow_that_comes_while_shadows_are_paused_is_paused(box):
    """Of each pipeline; and all of them go on together."""
    box.models.pause_shadows(True)
    judges = [box.judge("drones", CONFIG), box.judge("gate", CONFIG.model_copy(update={"shadow": "another"}))]
    for judge in judges:
        judge(WINDOW)
    assert [box.counted(name, "paused") for name in ("candidate", "another")] == [1, 1]
    box.models.pause_shadows(False)
    for judge in judges:
        judge(WINDOW)
    wait_until(lambda: [box.counted(name, "windows") for name in ("candidate", "another")] == [1, 1])


def test_there_is_something_to_pause_only_while_a_shadow_is_there(box):
    """A pipeline without one has none, and one that has ended takes its own along."""
    box.judge("drones", CONFIG.model_copy(update={"shadow": None}))
    assert not box.models.has_shadows
    box.judge("drones", CONFIG)
    assert box.models.has_shadows
    box.leave()
    assert not box.models.has_shadows
    box.models.pause_shadows(True)


def test_a_model_is_loaded_once_and_forgotten_by_the_last_who_wanted_it(box):
    """Whoever wants it again has it loaded anew, as its files are then."""
    with ExitStack() as last:
        with ExitStack() as first:
            sound = box.models.keep("sound", first)
            assert box.models.keep("sound", last) is sound
        assert box.models.in_use() == [sound]
        assert "models.sound" in box.health.parts()
    assert box.models.in_use() == []
    assert "models.sound" not in box.health.parts()
    with ExitStack() as later:
        assert box.models.keep("sound", later) is not sound


def test_a_model_that_a_pipeline_of_drones_uses_too_stays(box):
    """Whichever lets go of it first."""
    with ExitStack() as stack:
        sound = box.models.keep("sound", stack)
        box.judge("drones", CONFIG.model_copy(update={"shadow": None}))
        assert box.models.running["drones"].model is sound
    assert box.models.in_use() == [sound]
    with ExitStack() as stack:
        running = box.models.running["drones"]
        assert box.models.keep("sound", stack) is sound
        box.leave()
        box.models.exchange.let_go(running)
        assert "models.sound" in box.health.parts()
    assert "models.sound" not in box.health.parts()


def test_the_last_that_a_box_leaves_undone_is_its_shadows(settings, tmp_path):
    """After the pictures of objects and faces; sound is no step of it. It is told only where there are any."""
    daemon = Daemon(settings, io.StringIO(), lambda: settings, Changes(tmp_path / "changes.json"))
    *pictures, step = daemon._what_can_wait()
    assert [one.about for one in pictures] == ["objects", "objects", "faces", "faces"]
    assert (step.about, step.how, step.is_there()) == ("shadow models", "paused", False)
    step.apply(True)
    with ExitStack() as stack:
        judge = daemon._models.judge("drones", CONFIG, stack)
        assert step.is_there()
        judge(WINDOW)
        part = daemon._health.part("models.candidate")
        assert part.snapshot().counters["paused"] == 1
        step.apply(False)
        judge(WINDOW)
        wait_until(lambda: part.snapshot().counters.get("windows") == 1)
