"""Reloader: a pipeline whose model cannot be exchanged is made anew for other settings, or for new files of it."""

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
        self.applied = []

    @property
    def names(self):
        return list(self.configs)

    def config(self, name):
        return self.configs.get(name)

    def apply(self, name, config):
        self.applied.append(name)
        self.configs[name] = config

    def restart(self, name, config):
        return False


def of(**pipeline):
    sources = {"microphone": {"type": "microphone"}, "camera": {"type": "camera", "device": 0}}
    return Settings.model_validate({"sources": sources, "pipelines": {"it": pipeline}})


def reload(now, wanted, outdated=()):
    """What runs then, what was refused, and what was made anew; ``outdated``: models that have new files."""
    lines, running = Lines(now), {}
    models = ModelExchange(running, lambda _: None, lambda _: None, lambda *_: None, lambda _: None)
    reloader = Reloader(
        SettingsInUse(now),
        lines,
        models,
        running.get,
        lambda: wanted,
        Health().part("settings"),
        outdated=lambda names: not set(outdated).isdisjoint(names),
    )
    reloader.start()
    answer: Future[dict[str, str]] = reloader.reload()
    try:
        refused = answer.result(LIMIT_S)
        return lines.configs["it"], refused, lines.applied
    finally:
        reloader.stop(LIMIT_S)


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (of(kind="sounds", model="a"), of(kind="sounds", model="b")),
        (of(kind="objects", model="a"), of(kind="objects", model="b")),
        (of(kind="objects"), of(kind="faces")),
        (of(kind="faces"), of(kind="objects")),
        (of(kind="faces"), of(kind="faces", tracking={"lost_s": 7})),
        *((of(kind="faces"), of(kind="faces", **it)) for it in ({"embedder": "b"}, {"landmarks": None})),
    ],
)
def test_another_model_or_kind_is_taken_up(now, wanted):
    """By making the pipeline anew."""
    assert reload(now, wanted) == (wanted.pipelines["it"], {}, ["it"])


@pytest.mark.parametrize("kind", ["sounds", "objects", "faces"])
def test_new_files_under_the_same_name_are_taken_up(kind):
    """A model may be upgraded, or exchanged by hand; who has the same files as before is left alone."""
    now = of(kind=kind)
    used = [*now.pipelines["it"].models_in_use][-1:]
    assert reload(now, now, used) == (now.pipelines["it"], {}, ["it"])
    assert reload(now, now, ["another"]) == (now.pipelines["it"], {}, [])
