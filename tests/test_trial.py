"""Trial: a model is tested before it is used, and may be compared with the one in use."""

import os

import numpy as np
import pytest

from edged.errors import ConfigError, ModelError
from edged.inference.cpu_model import CpuModel
from edged.inference.model import Answer
from edged.messages.health import State
from edged.messages.sound import Chunk, Span
from edged.pipelines.drones import DronesConfig, listen, model_stages
from edged.runtime.health import Health
from edged.runtime.shadow import Shadow
from edged.shadow_process import NICE
from edged.stages import reject_unknown
from edged.stages.smooth_scores import SmoothingConfig
from edged.synthesis import FlyOver, fly_over
from edged.trial import Comparison, ModelApart, made_up_window, make_shadow, self_test
from tests.sound_models import install, replace_file

CONFIG = DronesConfig()
LIMIT_S = 10.0


class Mad:
    """A model that loads well and answers what it is told to."""

    def __init__(self, model: CpuModel, answer) -> None:
        self.card, self.folder, self._answer, self._use = model.card, model.folder, answer, model.run
        self.model = model

    def run(self, inputs):
        return self._answer(self.model.run(inputs))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def model(models) -> CpuModel:
    return CpuModel(install(models, "sound"))


@pytest.fixture(scope="module")
def chunks() -> list[Chunk]:
    sound = fly_over(FlyOver())
    return [
        Chunk(sound[at : at + 1600], Span(at / 16000, (at + 1600) / 16000)) for at in range(0, len(sound) - 1599, 1600)
    ]


def test_a_good_model_passes_its_self_test(model):
    """Silently."""
    self_test("drones", CONFIG, model)


def raising(_answer):
    raise RuntimeError("no device")


def nonsense(answer):
    return Answer([np.full(output.shape, np.nan, np.float32) for output in answer.outputs], answer.use)


def too_few(answer):
    return Answer(answer.outputs[:1], answer.use)


@pytest.mark.parametrize(("answer", "said"), [(raising, "no device"), (nonsense, "scores"), (too_few, "IndexError")])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_model_that_answers_nonsense_fails_its_self_test(model, answer, said):
    """An error, scores that are no numbers, too few outputs: refused before any window is in it."""
    with pytest.raises(ModelError, match=f"model sound: fails its self-test: .*{said}"):
        self_test("drones", CONFIG, Mad(model, answer))


def test_statistics_of_another_model_fail_the_self_test(models, tmp_path):
    """The known of an embedding of another length cannot be compared."""
    reject_unknown.save(reject_unknown.fit(np.eye(8), ["drone"] * 8), tmp_path / "unknown.npz")
    folder = install(models, "mixed_up")
    replace_file(folder, "unknown", (tmp_path / "unknown.npz").read_bytes())
    with pytest.raises(ModelError, match="model mixed_up: fails its self-test: ValueError"):
        self_test("drones", CONFIG, CpuModel(folder))


def test_a_model_that_does_not_fit_the_pipeline_is_a_fault_of_the_configuration(model):
    """As at the start of the box."""
    other = DronesConfig(smoothing=SmoothingConfig(labels=("airship",)))
    with pytest.raises(ConfigError, match=r"pipelines.drones.smoothing.labels: 'airship'"):
        self_test("drones", other, model)


def run_beside(shadow, model, chunks):
    """A fly-over heard by ``model`` with ``shadow`` beside it: phases of the events."""
    shadow.start()
    events = []
    judge = model_stages("drones", CONFIG, model, shadow)
    listen("drones", CONFIG, chunks, judge, Health().part("p"), events.append).run()
    return [event.phase for event in events]


@pytest.fixture(scope="module")
def alone(model, chunks):
    """The phases of the events with no shadow."""
    events = []
    judge = model_stages("drones", CONFIG, model)
    listen("drones", CONFIG, chunks, judge, Health().part("p"), events.append).run()
    return [event.phase for event in events]


def test_a_shadow_that_is_the_same_model_agrees_in_everything(model, chunks, alone):
    """What it looked at and what it had no time for are all windows that passed the gate."""
    part = Health().part("models.other")
    shadow = make_shadow("drones", CONFIG, model, part)
    assert run_beside(shadow, model, chunks) == alone
    shadow.stop(LIMIT_S)
    counters = part.snapshot().counters
    assert counters["windows"] >= 1
    assert counters["windows"] + counters.get("dropped", 0) >= 30
    assert counters["agreement"] == 1.0
    assert counters["score_difference"] == pytest.approx(0.0, abs=1e-6)
    assert part.state is State.OK


def test_a_shadow_that_hears_no_drones_is_seen_to_disagree(model, chunks, alone):
    """Its scores are below those of the model in use, and events go on as without it."""
    part = Health().part("models.other")
    deaf = Comparison(CONFIG, lambda _samples: {"background": 1.0, "drone": 0.0, "helicopter": 0.0})
    shadow = Shadow("deaf", deaf, part)
    assert run_beside(shadow, model, chunks) == alone
    shadow.stop(LIMIT_S)
    counters = part.snapshot().counters
    assert counters["agreement"] < 1.0
    assert counters["score_difference"] < -0.1


def test_a_shadow_whose_model_cannot_be_used_changes_no_event(models, model, chunks, alone, caplog, capfd):
    """Its process ends, it is switched off and says so; the pipeline does not notice."""
    part = Health().part("models.other")
    folder = install(models, "broken")
    (folder / "drone_sound.tflite").write_bytes(b"broken")
    apart = ModelApart(folder)
    shadow = Shadow("broken", Comparison(CONFIG, apart), part, apart.close)
    assert run_beside(shadow, model, chunks) == alone
    shadow._thread.join(LIMIT_S)
    shadow.stop(LIMIT_S)
    assert part.snapshot().reasons == (
        "switched off as a shadow: its process ended with status 78: its last words are in the log",
    )
    assert "shadow switched off" in caplog.text
    assert "sha256" in capfd.readouterr().err


def test_a_process_that_is_killed_is_noticed_at_the_next_window(model):
    """As one that the kernel killed for memory; closing twice is harmless."""
    apart, window = ModelApart(model.folder), made_up_window(CONFIG).window.samples
    assert set(apart(window)) == set(model.card.labels)
    apart._process.kill()
    apart._process.wait()
    with pytest.raises(ModelError, match="its process ended with status -9"):
        apart(window)
    apart.close()
    apart.close()


def test_the_process_has_a_low_priority_and_ends_with_the_box(model):
    """When its input is closed, as it is when the box dies."""
    apart = ModelApart(model.folder)
    apart(made_up_window(CONFIG).window.samples)
    niceness, ours = (os.getpriority(os.PRIO_PROCESS, process) for process in (apart._process.pid, os.getpid()))
    assert niceness == min(19, ours + NICE)
    apart._process.stdin.close()
    assert apart._process.wait(LIMIT_S) == 0
    apart.close()


def test_a_shadow_that_does_not_fit_the_pipeline_is_a_fault_of_the_configuration(model):
    """Before anything runs."""
    other = DronesConfig(smoothing=SmoothingConfig(labels=("airship",)))
    with pytest.raises(ConfigError, match="'airship'"):
        make_shadow("drones", other, model, Health().part("models.other"))
