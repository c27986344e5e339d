"""ModelsInUse: new files under the same name are noticed, and a model that does not fit is let go of."""

import shutil
from contextlib import ExitStack

import pytest

from edged.errors import ConfigError
from edged.models_in_use import ModelsInUse
from edged.pipelines.drones import DronesConfig
from edged.runtime.health import Health
from edged.settings import Settings
from tests.sound_models import install


class Box:
    """The models of a box, in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.health = folder, Health()
        self.install()
        settings = Settings.model_validate({"models": {"path": folder}, "mqtt": {"enabled": False}})
        self.models = ModelsInUse(settings, self.health, lambda *_: None)

    def install(self, version="1"):
        install(self.folder, "sound", lambda card: card.update(version=version))

    @property
    def versions(self):
        return sorted(model.card.version for model in self.models.in_use())


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def test_new_files_under_the_same_name_are_loaded_by_the_next_who_wants_them(box):
    """Those who have the old ones keep them until they end; then nobody is behind."""
    with ExitStack() as later:
        with ExitStack() as before:
            old = box.models.keep("sound", before)
            assert not box.models.outdated({"sound"})
            box.install("2")
            assert box.models.outdated({"other", "sound"})
            assert not box.models.outdated({"other"})
            new = box.models.keep("sound", later)
            assert (new is old, box.versions) == (False, ["1", "2"])
            assert box.models.keep("sound", later) is new
        assert not box.models.outdated({"sound"})
        assert (box.versions, "models.sound" in box.health.parts()) == (["2"], True)


def test_a_model_whose_folder_is_gone_is_not_behind(box):
    """There is nothing to be had in its place; whoever wants it gets the one that is in use."""
    with ExitStack() as stack:
        sound = box.models.keep("sound", stack)
        shutil.rmtree(box.folder / "sound")
        assert not box.models.outdated({"sound"})
        assert box.models.keep("sound", stack) is sound


def test_a_model_that_does_not_fit_its_pipeline_is_let_go_of(box):
    """It is neither in use nor in health any longer; one that another pipeline uses stays."""
    misfit = DronesConfig.model_validate({"model": "sound", "windows": {"window_s": 3}})
    with ExitStack() as stack:
        with pytest.raises(ConfigError, match="was trained so"):
            box.models.judge("drones", misfit, stack)
        assert "models.sound" not in box.health.parts()
        kept = box.models.keep("sound", stack)
        with pytest.raises(ConfigError, match="was trained so"):
            box.models.judge("drones", misfit, stack)
        assert (box.models.in_use(), "models.sound" in box.health.parts()) == ([kept], True)
