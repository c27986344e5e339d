"""Reloader: a new model takes over between two windows or not at all, and nothing that runs is disturbed."""

import tempfile
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edged.errors import ConfigError, ModelError
from edged.inference.cpu_model import CpuModel
from edged.inference.model import Answer
from edged.messages.event import Phase
from edged.messages.health import State
from edged.messages.sound import Chunk, Span
from edged.model_exchange import ModelExchange, Running
from edged.pipelines.drones import listen, model_stages
from edged.reload import Reloader
from edged.runtime.exchange import Exchange
from edged.runtime.health import Health
from edged.settings import read_settings
from edged.settings_in_use import SettingsInUse
from edged.synthesis import FlyOver, fly_over
from tests.sound_models import change, install

LIMIT_S = 20.0
SOUND = fly_over(FlyOver())
CHUNKS = [
    Chunk(SOUND[at : at + 4000], Span(at / 16000, (at + 4000) / 16000)) for at in range(0, len(SOUND) - 3999, 4000)
]
HIDDEN, SEEN = 20, 40
"""Chunks before the drone is heard, and until the middle of its pass."""


class Loaded:
    """A real model that knows whether it was retired, and may fail after so many inferences."""

    def __init__(self, folder: Path, fails_after: int | None = None) -> None:
        self._model = CpuModel(folder)
        self.card, self.folder = self._model.card, folder
        self.left, self.retired = fails_after, False

    def run(self, inputs) -> Answer:
        assert not self.retired, "a window is in a model that was retired"
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise RuntimeError("gone mad")
        return self._model.run(inputs)


class Box:
    """Pipelines with a reloader, in a folder with a configuration and models."""

    def __init__(self, folder: Path, pipelines: tuple[str, ...] = ("drones",)) -> None:
        self.folder, self.pipeline_names = folder, pipelines
        self.events: dict[str, list] = {name: [] for name in pipelines}
        self.loaded: list[Loaded] = []
        self.adopted: list[tuple[str, str, str]] = []
        self.fails_after: dict[str, int] = {}
        self.refuses = lambda config: False
        self.heard = 0
        install(folder, "sound")
        self.configure("sound")
        settings = read_settings(folder / "edged.yaml", {})
        model = Loaded(folder / "sound")
        self.loaded.append(model)
        self.running, self.pipelines, self.health = {}, {}, Health()
        self.configs: dict = {}
        self.applied: list[tuple[str, object]] = []
        self.model = model
        for name in pipelines:
            self.apply(name, settings.pipelines[name])
        exchange = ModelExchange(
            self.running,
            self.find,
            self.load,
            lambda name, model: self.adopted.append((name, model.card.name, model.card.version)),
            self.retire,
        )
        self.applied.clear()
        self.in_use = SettingsInUse(settings)
        self.reloader = Reloader(
            self.in_use,
            self,
            exchange,
            self.running.get,
            lambda: read_settings(folder / "edged.yaml", {}),
            self.health.part("settings"),
        )
        self.reloader.start()

    @property
    def names(self) -> list[str]:
        return list(self.running)

    def config(self, name: str):
        return self.configs.get(name)

    def apply(self, name: str, config) -> None:
        """As a running box has it: made anew, with the model in use."""
        self.applied.append((name, config))
        if config is not None and self.refuses(config):
            raise ConfigError(f"no {config.source}")
        if config is None:
            del self.running[name], self.configs[name]
            return
        stages = partial(self.stages, name, config)
        if name not in self.running and self.model.retired:
            self.model = self.load(config.model)
        model = self.running[name].model if name in self.running else self.model
        exchange = Exchange(stages(model))
        self.events.setdefault(name, [])
        self.pipelines[name] = listen(name, config, (), exchange, self.health.part(name), self.events[name].append)
        self.running[name], self.configs[name] = Running(config, model, exchange, stages), config

    def restart(self, name: str, config) -> bool:
        self.apply(name, config)
        return True

    def stages(self, name, config, model):
        return model_stages(name, config, model, health=self.health)

    def find(self, name: str) -> Path:
        return self.folder / name

    def load(self, name: str) -> Loaded:
        model = Loaded(self.find(name), self.fails_after.get(name))
        self.loaded.append(model)
        return model

    def retire(self, model: Loaded) -> None:
        assert not model.retired
        model.retired = True

    def configure(
        self, model: str, drones: dict | None = None, each: dict[str, dict] | None = None, **other: object
    ) -> None:
        pipelines = {
            name: {"model": model, **(drones or {}), **(each or {}).get(name, {})} for name in self.pipeline_names
        }
        content = {"device": "box", "pipelines": pipelines, **other}
        (self.folder / "edged.yaml").write_text(yaml.safe_dump(content))

    def settle(self) -> None:
        """Wait until the reloader has done what there was to do."""
        idle = threading.Event()
        self.reloader._todo.put(idle.set)
        assert idle.wait(LIMIT_S)

    def reload(self) -> None:
        self.reloader.request()
        self.settle()

    def hear(self, count: int) -> None:
        """The next chunks of the fly-over, in every pipeline."""
        for chunk in CHUNKS[self.heard : self.heard + count]:
            for pipeline in self.pipelines.values():
                pipeline.feed(chunk)
        self.heard += count
        self.settle()

    def said(self) -> str:
        part = self.health.parts()["settings"]
        assert (part.state is State.OK) == (not part.reasons)
        return " ".join(part.reasons)

    def decided(self, name: str = "drones") -> list:
        """Events, without what differs from run to run and from model to model."""
        return [replace(event, id="", latency_ms={}, model=None) for event in self.events[name]]


@pytest.fixture
def box(tmp_path):
    box = Box(tmp_path)
    yield box
    box.reloader.stop(LIMIT_S)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The events of the fly-over with one model throughout."""
    box = Box(tmp_path_factory.mktemp("undisturbed"))
    box.hear(len(CHUNKS))
    box.reloader.stop(LIMIT_S)
    return box.decided()


def test_a_new_model_takes_over_in_the_middle_of_an_event(box, undisturbed):
    """The event goes on under its id, nothing is lost, the old model goes when the new one has answered."""
    install(box.folder, "better", lambda card: card.update(version="2.0.0"))
    box.hear(SEEN)
    box.configure("better")
    box.reload()
    assert not box.loaded[0].retired
    box.hear(len(CHUNKS))
    assert box.adopted == [("drones", "better", "2.0.0")]
    assert [model.retired for model in box.loaded] == [True, False]
    assert box.running["drones"].model is box.loaded[1]
    events = box.events["drones"]
    assert len({event.id for event in events}) == 1
    assert [event.model.name for event in events if event.phase is not Phase.UPDATE] == ["sound", "better"]
    assert box.decided() == undisturbed
    assert box.said() == ""


def test_another_version_under_the_same_name_is_taken_up(box):
    """What counts is what stands on the card, not what the model is called."""
    change(install(box.folder, "sound"), lambda card: card.update(version="1.1.0"))
    box.reload()
    box.hear(len(CHUNKS))
    assert box.adopted == [("drones", "sound", "1.1.0")]
    assert [model.retired for model in box.loaded] == [True, False]


def test_where_nothing_has_changed_nothing_is_loaded(box):
    """A hang-up that changes nothing costs nothing."""
    box.reload()
    assert len(box.loaded) == 1
    assert box.said() == ""


def damaged(folder: Path) -> None:
    path = folder / "drone_sound.tflite"
    path.write_bytes(path.read_bytes()[:-100])


def without_its_label(folder: Path) -> None:
    change(folder, lambda card: card.update(labels=["background", "airship", "helicopter"]))


def without_a_card(folder: Path) -> None:
    (folder / "card.yaml").unlink()


@pytest.mark.parametrize(
    ("spoil", "why"), [(damaged, "sha256"), (without_its_label, "'drone', must be"), (without_a_card, "no such file")]
)
@pytest.mark.parametrize("name", ["better", "sound"])
def test_a_model_that_cannot_be_used_is_refused(box, undisturbed, spoil, why, name):
    """The old one goes on as if nothing had been; health says what was refused and why; a good one ends that."""
    spoil(install(box.folder, name, lambda card: card.update(version="9")))
    box.hear(SEEN)
    box.configure(name)
    box.reload()
    assert box.said().startswith(f"pipelines.drones.model: {name} is refused, the one in use goes on: ")
    assert why in box.said()
    box.hear(len(CHUNKS))
    assert box.decided() == undisturbed
    assert box.adopted == []
    assert [model.retired for model in box.loaded] == [False] + [True] * (len(box.loaded) - 1)
    install(box.folder, name)
    box.reload()
    assert box.said() == ""


def test_a_model_that_fails_at_its_first_window_is_rolled_back(box, undisturbed, caplog):
    """It passed its self-test; the window goes through the old model, and no event differs."""
    install(box.folder, "better")
    box.fails_after["better"] = 1
    box.hear(SEEN)
    box.configure("better")
    box.reload()
    assert box.said() == ""
    box.hear(len(CHUNKS))
    assert box.decided() == undisturbed
    assert {event.model.name for event in box.events["drones"]} == {"sound"}
    assert box.said() == ("pipelines.drones.model: better is refused, the one in use goes on: RuntimeError('gone mad')")
    assert [model.retired for model in box.loaded] == [False, True]
    assert box.adopted == []
    assert "is refused" in caplog.text


def test_a_configuration_that_cannot_be_read_leaves_everything(box, undisturbed):
    """And says where it is wrong."""
    box.hear(SEEN)
    (box.folder / "edged.yaml").write_text("pipelines: {drones: {model: Not A Name}}\n")
    box.reload()
    assert "cannot be used, everything stays as it was: " in box.said()
    assert "edged.yaml:1: pipelines.drones.model: 'Not A Name'" in box.said()
    box.hear(len(CHUNKS))
    assert box.decided() == undisturbed
    assert len(box.loaded) == 1


def test_other_numbers_of_a_pipeline_are_taken_up_by_starting_it_anew(box):
    """It keeps the model that it has got in the meantime; what was there before has nothing in use any more."""
    install(box.folder, "better")
    box.configure("better")
    box.reload()
    box.hear(SEEN)
    box.configure("better", drones={"smoothing": {"threshold": 0.6}})
    assert box.reloader.reload().result(LIMIT_S) == {}
    [(name, config)] = box.applied
    assert (name, config.smoothing.threshold) == ("drones", 0.6)
    assert box.running["drones"].model is box.loaded[1]
    assert [model.retired for model in box.loaded] == [True, False]
    box.reload()
    assert len(box.applied) == 1


def test_a_pipeline_that_is_switched_off_ends_and_its_model_goes(box):
    """Switched on again it starts with a model."""
    box.configure("sound", drones={"enabled": False})
    box.reload()
    assert box.applied == [("drones", None)]
    assert box.loaded[0].retired
    assert box.said() == ""


def test_a_restart_begins_anew_with_the_model_that_the_pipeline_has_got(box):
    """Asked for by a person, or because it broke."""
    install(box.folder, "better")
    box.configure("better")
    box.reload()
    box.hear(SEEN)
    box.reloader.restart("drones").result(LIMIT_S)
    box.reloader.broken("drones")
    box.settle()
    assert [config.model for _, config in box.applied] == ["better", "better"]
    assert [model.retired for model in box.loaded] == [True, False]


def test_whoever_asks_for_a_reload_hears_what_was_refused(box):
    """By the pipeline's name."""
    box.configure("nothing")
    assert "is refused" in box.reloader.reload().result(LIMIT_S)["drones"]


def test_other_changes_wait_for_a_restart_and_are_named(box):
    """The model is taken up all the same."""
    install(box.folder, "better")
    box.configure("better", mqtt={"host": "elsewhere", "tls": {"enabled": True}}, log={"level": "debug"})
    box.reload()
    assert box.said() == "needs a restart: mqtt.host, mqtt.tls.enabled, log.level"
    box.hear(SEEN)
    assert box.adopted == [("drones", "better", "1.0.0")]


def sources(**paths):
    return {name: {"type": "recording", "path": path} for name, path in paths.items()}


def test_pipelines_of_a_source_that_has_changed_are_stopped_before_it_and_started_after(tmp_path):
    """No device can be open twice; a pipeline of another source is left alone."""
    box = Box(tmp_path, ("front", "back"))
    on, seen = {"front": {"source": "door"}, "back": {"source": "microphone"}}, []
    box.in_use.on_change(lambda wanted: seen.append((wanted.sources["door"].path.name, sorted(box.running))), "sources")
    box.configure("sound", each=on, sources=sources(door="a.wav", microphone="b.wav"))
    box.reload()
    seen.clear()
    box.applied.clear()
    box.configure("sound", each=on, sources=sources(door="c.wav", microphone="b.wav"))
    box.reload()
    assert seen == [("c.wav", ["back"])]
    assert [(name, config is None) for name, config in box.applied] == [("front", True), ("front", False)]
    assert box.said() == ""


@pytest.mark.parametrize("left", ["door", "attic"])
def test_a_pipeline_that_is_refused_after_its_source_has_changed_goes_on_as_it_was(tmp_path, left):
    """As far as its source is still there; if not, that is said too."""
    box = Box(tmp_path, ("front",))
    box.in_use.on_change(lambda wanted: None, "sources")
    box.configure("sound", each={"front": {"source": "door"}}, sources=sources(door="a.wav", attic="d.wav"))
    box.reload()
    box.refuses = lambda config: config.source == "attic" or (left == "attic" and config.source == "door")
    box.applied.clear()
    box.configure("sound", each={"front": {"source": "attic"}}, sources=sources(**{left: "c.wav", "attic": "d.wav"}))
    box.reload()
    assert list(box.running) == (["front"] if left == "door" else [])
    assert box.said().startswith("pipelines.front: is refused, it goes on as it was: no attic")
    assert ("nor can that: no door" in box.said()) == (left == "attic")


def test_a_model_that_two_pipelines_share_goes_when_both_have_left_it(tmp_path):
    """It is loaded once for both."""
    box = Box(tmp_path, ("front", "back"))
    install(box.folder, "better")
    box.configure("better")
    box.reload()
    for chunk in CHUNKS[HIDDEN:SEEN]:
        box.pipelines["front"].feed(chunk)
    box.settle()
    assert box.adopted == [("front", "better", "1.0.0")]
    assert not box.loaded[0].retired
    for chunk in CHUNKS[HIDDEN:SEEN]:
        box.pipelines["back"].feed(chunk)
    box.settle()
    assert [model.retired for model in box.loaded] == [True, False]
    box.reloader.stop(LIMIT_S)


def test_what_is_changed_back_before_a_window_came_is_never_used(box):
    """The offered model goes unused, the old one stays."""
    install(box.folder, "better")
    box.configure("better")
    box.reload()
    box.configure("sound")
    box.reload()
    box.hear(len(CHUNKS))
    assert [model.retired for model in box.loaded] == [False, True]
    assert {event.model.name for event in box.events["drones"]} == {"sound"}


def test_stopping_takes_back_what_is_offered(tmp_path):
    """Nobody will try it any more, so it goes; the one in use stays the daemon's."""
    box = Box(tmp_path)
    install(box.folder, "better")
    box.configure("better")
    box.reload()
    box.reloader.stop(LIMIT_S)
    assert [model.retired for model in box.loaded] == [False, True]


def test_requests_in_a_row_count_as_one(box):
    """While a model loads, any number of hang-ups ask for one more look."""
    install(box.folder, "better")
    box.configure("better")
    busy, go_on = threading.Event(), threading.Event()
    box.reloader._todo.put(lambda: (busy.set(), go_on.wait(LIMIT_S)))
    assert busy.wait(LIMIT_S)
    for _ in range(100):
        box.reloader.request()
    assert box.reloader._todo.qsize() == 1
    go_on.set()
    box.settle()
    assert len(box.loaded) == 2


def test_a_bug_in_a_callback_does_not_end_the_reloader(box, caplog):
    """It is logged and said, and the next request is served."""
    box.reloader._todo.put(lambda: 1 / 0)
    box.settle()
    assert "reload failed" in caplog.text
    assert "ZeroDivisionError" in box.said()
    box.reload()
    assert box.said() == ""


class ReloadMachine(RuleBasedStateMachine):
    """Configurations, damaged and mad models, reloads and sound in any order."""

    @initialize()
    def begin(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.box = Box(Path(self.directory.name), ("front", "back"))
        for name in ("good", "mad", "bad"):
            install(self.box.folder, name)
        damaged(self.box.folder / "bad")
        self.box.fails_after["mad"] = 1

    @rule(name=st.sampled_from(["sound", "good", "mad", "bad", "absent"]))
    def configure_and_reload(self, name: str) -> None:
        self.box.configure(name)
        self.box.reload()

    @rule(pipeline=st.sampled_from(["front", "back"]))
    def restart(self, pipeline: str) -> None:
        """With whatever model it has, and whatever is offered to it."""
        self.box.reloader.restart(pipeline).result(LIMIT_S)

    @rule(pipeline=st.sampled_from(["front", "back"]), count=st.integers(1, 3), at=st.integers(HIDDEN, SEEN))
    def hear(self, pipeline: str, count: int, at: int) -> None:
        """Whatever is offered: every chunk is taken, and no stage's fault reaches the pipeline."""
        for chunk in CHUNKS[at : at + count]:
            self.box.pipelines[pipeline].feed(chunk)
        self.box.settle()

    @invariant()
    def exactly_those_in_use_or_offered_are_kept(self) -> None:
        if hasattr(self, "box"):
            self.box.settle()
            kept = {id(model) for model in self.box.loaded if not model.retired}
            used = [running.model for running in self.box.running.values()]
            assert kept == {
                id(model) for model in [*used, *(each[0] for each in self.box.reloader._models._offers.values())]
            }
            assert {model.card.name for model in used} <= {"sound", "good"}

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self.box.reloader.stop(LIMIT_S)
            self.directory.cleanup()


TestReloadInAnyOrder = ReloadMachine.TestCase
TestReloadInAnyOrder.settings = effort(max_examples=15, stateful_step_count=15, deadline=None)


def test_a_model_that_is_not_there_is_refused(box):
    """As one that nobody installed."""
    with pytest.raises(ModelError):
        box.load("absent")
    box.configure("absent")
    box.reload()
    assert "absent is refused" in box.said()
