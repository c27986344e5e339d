"""ClassifySound: features in, scores by label out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edged.errors import ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.messages.sound import Harmonics, LogMelWindow, Span
from edged.stages.classify_sound import ClassifySound, softmax


@pytest.fixture(scope="module")
def model():
    return Catalogue(ModelsConfig()).load("drone_sound")


def test_scores_are_named_by_the_card_and_sum_to_one(model):
    """One score a label, an embedding of the card's length, and which model it was."""
    shape = model.card.inputs[0].shape[1:3]
    features = np.random.default_rng(0).normal(0, 2, shape).astype(np.float32)
    (scored,) = ClassifySound(model)(LogMelWindow(features, Harmonics(100, 5, 9), Span(0, 1)))
    assert tuple(scored.scores) == model.card.labels
    assert sum(scored.scores.values()) == pytest.approx(1, abs=1e-5)
    assert scored.embedding.shape == model.card.outputs[model.card.output("embedding")].shape[1:]
    assert scored.model.device == "cpu"
    assert scored.span == Span(0, 1)


def test_a_model_with_other_labels_than_logits_is_refused(model):
    """A score without a name, or a name without a score, would be a lie."""

    class Relabelled:
        card = model.card.model_copy(update={"labels": ("background",)})

    with pytest.raises(ModelError, match="but 1 labels"):
        ClassifySound(Relabelled())


@given(arrays(np.float32, st.integers(1, 10), elements=st.floats(-100, 100, width=32)), st.floats(0.1, 10))
def test_softmax_is_a_distribution_in_the_order_of_the_logits(logits, temperature):
    """Between 0 and 1, sums to 1, the greatest logit has the greatest score, and no large logit overflows."""
    scores = softmax(logits, temperature)
    assert np.all((scores >= 0) & (scores <= 1))
    assert scores.sum() == pytest.approx(1, abs=1e-4)
    assert scores[np.argmax(logits)] == scores.max()
