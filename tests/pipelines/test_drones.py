"""The configuration of a pipeline: what its models may be."""

import pytest

from edged.config import ConfigFaults
from edged.pipelines.drones import DronesConfig
from edged.settings import read_settings


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
