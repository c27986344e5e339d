"""ClassifyEvents: any number of labels may be heard at once."""

import numpy as np
import pytest

from edged.errors import ModelError
from edged.inference.cpu_model import CpuModel
from edged.inference.files.card import Tensor
from edged.messages.sound import Span
from edged.messages.sound_events import SoundFeatures
from edged.pipelines.sound_fit import features_of
from edged.stages.classify_events import ClassifyEvents, as_input
from tests.sound_events import DATA, HearsTones, tone, yamnet
from tests.sound_models import install

__all__ = ["yamnet"]
SPAN = Span(2.0, 2.975, 10.0)


def test_each_label_is_scored_on_its_own():
    """Two sounds at once: two high scores, and the model and the span are named."""
    sound = (tone("Glass", 0.975, 0.6) + tone("Engine", 0.975, 0.3))[:15600]
    (window,) = ClassifyEvents(HearsTones())(SoundFeatures(sound, SPAN))
    assert window.scores == pytest.approx({"Speech": 0.0, "Glass": 0.6, "Shatter": 0.0, "Engine": 0.3}, abs=0.01)
    assert (window.model.name, window.span) == ("tones", SPAN)


def test_scores_stay_within_0_and_1():
    """Whatever the model says."""
    (window,) = ClassifyEvents(HearsTones())(SoundFeatures(tone("Glass", 0.975, 3.0), SPAN))
    assert window.scores["Glass"] == 1.0


def test_logits_become_scores_that_sum_to_one(tmp_path):
    """The shipped model of drone sound is one for a pipeline of sounds too."""
    model = CpuModel(install(tmp_path, "drone_sound"))
    features = features_of(model.card)(np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32))
    (window,) = ClassifyEvents(model)(SoundFeatures(features, SPAN))
    assert set(window.scores) == {"background", "drone", "helicopter"}
    assert sum(window.scores.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("card", "match"),
    [
        (
            {"outputs": [{"name": "boxes", "shape": [1, 4], "dtype": "float32"}]},
            "no output scores or logits, only boxes",
        ),
        ({"labels": ["Glass"]}, r"output float32\[1, 4\], but 1 labels"),
    ],
)
def test_a_model_of_something_else_is_refused(card, match):
    """By what its card says, before anything is heard."""
    with pytest.raises(ModelError, match=match):
        ClassifyEvents(HearsTones(**card))


def test_a_quantised_input_is_given_integers():
    """By the tensor's scale."""
    tensor = Tensor(name="waveform", shape=(1, 3), dtype="int8", scale=1 / 128)
    assert as_input(np.array([-1.0, 0.5, 2.0], np.float32), tensor).tolist() == [[-128, 64, 127]]


def test_the_two_yamnets_agree(yamnet):
    """One computes its spectrogram itself, the other is given ours: the judge of our features."""
    sound = np.fromfile(DATA / "google-coral__coralmicro" / "yamnet_test_audio.bin", "<i2").astype(np.float32) / 32768
    noise = np.random.default_rng(2).normal(0, 0.05, 15600).astype(np.float32)
    for samples in (sound, noise):
        scores = []
        for name in ("audio_yamnet", "audio_yamnet_spectra"):
            model = CpuModel(yamnet / name)
            (window,) = ClassifyEvents(model)(SoundFeatures(features_of(model.card)(samples), SPAN))
            scores.append(window.scores)
        assert max(abs(scores[0][label] - scores[1][label]) for label in scores[0]) < 0.1
        assert max(scores[0], key=scores[0].get) == max(scores[1], key=scores[1].get)
    assert scores[0]["Speech"] < 0.1
