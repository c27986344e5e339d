"""The network: it learns what is easy, and converts to int8 with two outputs. Needs TensorFlow."""

import importlib.util

import numpy as np
import pytest

from edged.stages.compute_log_mel import LogMelConfig
from edged.training.batches import Schedule
from edged.training.card import tensors
from edged.training.scorer import Scorer

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None, reason="TensorFlow (extra train) is not installed"
    ),
    pytest.mark.filterwarnings("ignore"),  # TensorFlow's own
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def trained() -> tuple[bytes, np.ndarray, np.ndarray]:
    from edged.training import network

    random = np.random.default_rng(0)
    classes = random.integers(0, 3, 600)
    features = random.standard_normal((600, 30, LogMelConfig().bands)).astype(np.float16)
    features[np.arange(600), :, classes * 20] += 6  # each class has a band of its own
    model = network.fit(features, classes, Schedule(steps=130, mined=8), 1, lambda _step, _loss: None)
    return network.to_tflite(model, features[:50]), features, classes


def test_what_is_easy_is_learnt_and_survives_the_conversion(trained: tuple[bytes, np.ndarray, np.ndarray]) -> None:
    """After a hundred steps the int8 model tells three bands apart."""
    content, features, classes = trained
    logits, embeddings = Scorer(content, 3)(features[:200])
    assert np.mean(logits.argmax(axis=1) == classes[:200]) > 0.9
    assert embeddings.shape == (200, 64)


def test_inputs_and_outputs_are_int8(trained: tuple[bytes, np.ndarray, np.ndarray]) -> None:
    """Nothing is left for the host to convert."""
    told = tensors(trained[0], ["background", "drone", "helicopter"])
    assert [t["dtype"] for t in (*told["inputs"], *told["outputs"])] == ["int8"] * 3
    assert {t["name"] for t in told["outputs"]} == {"logits", "embedding"}
    assert LogMelConfig().bands == told["inputs"][0]["shape"][2]
