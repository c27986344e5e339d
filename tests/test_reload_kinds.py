"""Reloader: pipelines without a model that can be exchanged are made anew; faces keep those of the gallery."""

from concurrent.futures import Future

import pytest

from edged.model_exchange import ModelExchange
from edged.reload import Reloader
from edged.runtime.health import Health
from edged.settings import Settings
from edged.settings_in_use import SettingsInUse

LIMIT_S = 20.0


class Lines:
    """Pipelines that do nothing."""

    def __init__(self, settings):
        self.configs = dict(settings.pipelines)

    @property
    def names(self):
        return list(self.configs)

    def config(self, name):
        return self.configs.get(name)

    def apply(self, name, config):
        self.configs[name] = config

    def restart(self, name, config):
        return False


def of(**pipeline):
    sources = {"microphone": {"type": "microphone"}, "camera": {"type": "camera", "device": 0}}
    return Settings.model_validate({"sources": sources, "pipelines": {"it": pipeline}})


def reload(now, wanted):
    """What runs then, and what was refused."""
    lines, running = Lines(now), {}
    models = ModelExchange(running, lambda _: None, lambda _: None, lambda *_: None, lambda _: None)
    reloader = Reloader(SettingsInUse(now), lines, models, running.get, lambda: wanted, Health().part("settings"))
    reloader.start()
    answer: Future[dict[str, str]] = reloader.reload()
    try:
        refused = answer.result(LIMIT_S)
        return lines.configs["it"], refused
    finally:
        reloader.stop(LIMIT_S)


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (of(kind="sounds", model="a"), of(kind="sounds", model="b")),
        (of(kind="objects", model="a"), of(kind="objects", model="b")),
        (of(kind="objects"), of(kind="faces")),
        (of(kind="faces"), of(kind="objects")),
        (of(kind="faces"), of(kind="faces", tracking={"lost_s": 1})),
    ],
)
def test_another_model_or_kind_is_taken_up(now, wanted):
    """By making the pipeline anew."""
    assert reload(now, wanted) == (wanted.pipelines["it"], {})


@pytest.mark.parametrize("models", [{"embedder": "other"}, {"landmarks": None}, {"detector": "other"}])
def test_other_models_for_faces_need_a_restart(models):
    """Enrolment would go on with those before, and nobody whom they taught would be found."""
    now = of(kind="faces")
    config, refused = reload(now, of(kind="faces", **models))
    assert config == now.pipelines["it"]
    assert "other models for faces need a restart" in refused["it"]
