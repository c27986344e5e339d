"""WatchDrift: a model's health says when what it hears is unlike what it was trained on."""

import numpy as np
import pytest

from edged.errors import ModelError
from edged.inference.catalogue import shipped_models
from edged.inference.files.card import Card, read_card
from edged.messages.event import ModelUse
from edged.messages.health import State
from edged.messages.sound import Harmonics, HarmonicWindow, ScoredWindow, Span, Window
from edged.runtime.drift import DriftConfig
from edged.runtime.health import Health
from edged.stages.watch_drift import WatchDrift, figures, references

CONFIG = DriftConfig(windows=20)
HARMONICS, SPAN = Harmonics(180.0, 5, 12.0), Span(0.0, 1.0)


@pytest.fixture
def card() -> Card:
    return read_card(shipped_models() / "drone_sound")


@pytest.fixture
def health() -> Health:
    health = Health()
    health.part("models.drone_sound").set(State.OK)
    return health


def show(watch: WatchDrift, count: int, level_db: float = -30.0, score: float = 0.97) -> None:
    samples = np.full(16000, 10.0 ** (level_db / 20), np.float32)
    scores = {"background": (1 - score) / 2, "drone": score, "helicopter": (1 - score) / 2}
    scored = ScoredWindow(scores, np.zeros(64, np.float32), ModelUse("m", "0", "cpu"), HARMONICS, SPAN)
    for _ in range(count):
        watch(HarmonicWindow(Window(samples, SPAN), HARMONICS), scored)


def test_the_figures_are_level_distance_and_how_sure_the_model_is():
    """Whichever label it is sure of; digital silence has a level."""
    tone = np.sqrt(2) * 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    told = figures(tone.astype(np.float32), [0.2, 0.5, 0.3], 7.0)
    assert told == pytest.approx({"input_level_db": -20.0, "distance": 7.0, "score": 0.5}, abs=1e-3)
    assert figures(np.zeros(16000, np.float32), [1.0], 0.0)["input_level_db"] == pytest.approx(-120)


def test_windows_like_those_of_training_are_well(card, health):
    """Level, distance and score of the reference."""
    show(WatchDrift(CONFIG, card, lambda _: 7.2, health), 100)
    assert health.parts()["models.drone_sound"].state is State.OK


@pytest.mark.parametrize(
    ("level_db", "distance", "score"), [(-80.0, 7.2, 0.97), (0.0, 7.2, 0.97), (-30.0, 14.0, 0.97), (-30.0, 7.2, 0.4)]
)
def test_windows_unlike_training_are_a_warning_until_they_are_over(card, health, level_db, distance, score):
    """Too quiet, clipping, strange, or such that the model is not sure of."""
    at = [distance]
    watch = WatchDrift(CONFIG, card, lambda _: at[0], health)
    show(watch, CONFIG.windows, level_db, score)
    part = health.parts()["models.drone_sound"]
    assert part.state is State.DEGRADED
    assert part.reasons[0].startswith("inputs unlike training since ")
    at[0] = 7.2
    show(watch, 200)
    assert health.parts()["models.drone_sound"].reasons == ()


def test_a_model_without_a_reference_is_not_watched(card, health):
    """Nor one where it is switched off; neither makes a part in health."""
    strange = card.model_copy(update={"name": "other", "parameters": {}})
    show(WatchDrift(CONFIG, strange, lambda _: 1e6, health), 100, -120)
    off = DriftConfig(enabled=False, windows=20)
    show(WatchDrift(off, card.model_copy(update={"name": "other"}), lambda _: 1e6, health), 100, -120)
    assert set(health.parts()) == {"models.drone_sound"}


def test_a_card_may_have_only_some_figures(card, health):
    """A model that another developer measured in part."""
    some = card.model_copy(update={"parameters": {"reference": {"distance": {"mean": 7, "std": 1}}}})
    watch = WatchDrift(CONFIG, some, lambda _: 7.0, health)
    show(watch, 100, -120, 0.4)
    assert health.parts()["models.drone_sound"].state is State.OK


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ({"score": {"mean": 1.0, "std": 0.0}}, "parameters.reference.score.std"),
        ({"loudness": {"mean": 1.0, "std": 1.0}}, "parameters.reference.loudness"),
        ({"distance": {"std": 1.0}}, "parameters.reference.distance.mean"),
        ("much", "parameters.reference"),
    ],
)
def test_a_reference_that_cannot_be_read_is_said_with_its_key(card, reference, key):
    """Before the model is used, and not at its first window."""
    with pytest.raises(ModelError, match=f"model drone_sound: {key}: "):
        references(card.model_copy(update={"parameters": {"reference": reference}}))
