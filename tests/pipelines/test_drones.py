"""The pipeline of drones: what its models may be, and what it publishes."""

import pytest

from edged.config import ConfigFaults
from edged.inference.cpu_model import CpuModel
from edged.messages.event import Phase
from edged.messages.sound import Chunk, Span
from edged.pipelines.drones import DronesConfig, drones
from edged.runtime.flow import INTERRUPTION
from edged.runtime.health import Health
from edged.settings import read_settings
from edged.stages.hold_back import PublishConfig
from edged.synthesis import FlyOver, fly_over
from tests.sound_models import install


def test_a_pipeline_may_have_a_shadow_that_is_another_model():
    """None by default."""
    assert DronesConfig().shadow is None
    assert DronesConfig(shadow="drone_sound_2").shadow == "drone_sound_2"


def test_a_model_cannot_be_its_own_shadow(tmp_path):
    """It would only agree with itself: a fault with its line."""
    path = tmp_path / "edged.yaml"
    path.write_text("pipelines:\n  drones:\n    shadow: drone_sound\n")
    with pytest.raises(
        ConfigFaults,
        match=r"edged.yaml:3: pipelines.drones.shadow: 'drone_sound', must be another model than `model`, or null",
    ):
        read_settings(path, {})


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> CpuModel:
    return CpuModel(install(tmp_path_factory.mktemp("models"), "sound"))


def test_events_may_be_held_back(model):
    """As `publish` says; a fly-over that is held back is counted in the pipeline's health."""
    events, part, sound = [], Health().part("pipelines.drones"), fly_over(FlyOver())
    spans = [(at, at + 1600) for at in range(0, len(sound) - 1599, 1600)]
    chunks = [Chunk(sound[begin:end], Span(begin / 16000, end / 16000)) for begin, end in spans]
    config = DronesConfig(publish=PublishConfig(min_confidence=1.0))
    drones("drones", config, chunks, model, part, events.append).run()
    assert (events, part.snapshot().counters["held_confidence"]) == ([], 1)


def test_a_source_that_was_lost_is_heard_again_at_once(model):
    """It counts its seconds from 0 again: what happened at later seconds of the time before must not matter."""
    sound = fly_over(FlyOver(duration_s=14, quiet_s=4))
    chunks = [
        Chunk(sound[at : at + 4000], Span(at / 16000, (at + 4000) / 16000)) for at in range(0, len(sound) - 3999, 4000)
    ]
    events = []
    source = [*chunks, INTERRUPTION, *chunks, INTERRUPTION, *chunks]
    drones("drones", DronesConfig(), source, model, Health().part("drones"), events.append).run()
    assert [(event.phase, event.start_s) for event in events if event.phase == Phase.START] == [
        (Phase.START, events[0].start_s)
    ] * 3
    assert len({event.id for event in events}) == 3
