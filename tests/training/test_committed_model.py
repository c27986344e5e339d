"""The model in the repository: its card tells the truth, the Edge TPU could run it, and unheard recordings judge it."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edged.evaluation import metrics
from edged.inference.cpu_model import CpuModel
from edged.inference.files.card import Card, read_card
from edged.stages import reject_unknown
from edged.stages.compute_log_mel import LogMelConfig, log_mel
from edged.training import corpus, folds, validation
from edged.training.corpus import Recording
from edged.training.scorer import Scorer

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "models" / "drone_sound"
DATA = REPOSITORY.parent / "shared" / "data"
ALLOWED = {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 4, "MEAN": 2, "FULLY_CONNECTED": 9, "ADD": 2, "RESHAPE": 1}
"""Operators that the Edge TPU compiler takes, with the highest version seen to pass."""
NEED_DATA = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there: no recordings to judge by")


@pytest.fixture(scope="module")
def card() -> Card:
    return read_card(FOLDER)


@pytest.fixture(scope="module")
def content() -> bytes:
    return (FOLDER / "drone_sound.tflite").read_bytes()


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    return corpus.load(DATA)


def test_card_and_files_agree(card: Card) -> None:
    """Sums, tensors and features are those of the files; the runtime takes the model."""
    for file in card.files.values():
        assert hashlib.sha256((FOLDER / file.path).read_bytes()).hexdigest() == file.sha256
    model = CpuModel(FOLDER)
    shape = log_mel(np.zeros(16000, np.float32), LogMelConfig(**card.parameters["features"])).shape
    assert card.inputs[0].shape == (1, *shape, 1)
    assert len(model.run([np.zeros(card.inputs[0].shape, np.int8)]).outputs) == 2
    assert card.labels[0] == "background"
    assert card.outputs[card.output("logits")].shape == (1, len(card.labels))


def test_the_model_is_small_and_wholly_int8(card: Card, content: bytes) -> None:
    """At most 150 KB; inputs and outputs are int8."""
    assert len(content) <= 150_000
    assert {tensor.dtype for tensor in (*card.inputs, *card.outputs)} == {"int8"}


def test_every_operator_is_one_that_the_edge_tpu_has(content: bytes) -> None:
    """No operator, and no version of one, that its compiler refuses."""
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    model = schema.Model.GetRootAs(content, 0)
    codes = [model.OperatorCodes(n) for n in range(model.OperatorCodesLength())]
    used = {names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]: code.Version() for code in codes}
    assert used.keys() <= ALLOWED.keys()
    assert all(version <= ALLOWED[name] for name, version in used.items()), used


def test_the_known_fits_the_embedding(card: Card) -> None:
    """The statistics are of this model's embedding, and calibrated."""
    statistics = reject_unknown.load(FOLDER / card.files["unknown"].path)
    assert statistics.means.shape[1] == card.outputs[card.output("embedding")].shape[1]
    assert 0 < statistics.threshold(0.9) < statistics.threshold(0.998) < np.inf


@NEED_DATA
@pytest.mark.timeout(300)
def test_recordings_that_training_did_not_hear_are_told_apart(
    card: Card, content: bytes, recordings: list[Recording]
) -> None:
    """On the held-out recordings named beside the model: F1 and ROC AUC as agreed, nearly no drone is unknown."""
    held_out = set((FOLDER / "held_out.txt").read_text(encoding="utf-8").split())
    unheard = [r for r in recordings if r.group in held_out and r.source == "indoor"]
    config = LogMelConfig(**card.parameters["features"])
    heard = validation.hear(Scorer(content, len(card.labels)), unheard, config)
    score = heard.scores(card.parameters["temperature"])
    assert metrics.roc_auc(heard.truth, score) >= 0.98
    assert metrics.f1(heard.truth, score >= card.parameters["threshold"]) >= 0.93
    statistics = reject_unknown.load(FOLDER / "unknown.npz")
    distances = [reject_unknown.mahalanobis(e, statistics) for e in heard.embeddings[heard.truth]]
    assert np.mean(np.array(distances) <= statistics.threshold(0.998)) >= 0.98


@NEED_DATA
@pytest.mark.timeout(300)
def test_the_held_out_list_is_what_the_folds_say(recordings: list[Recording]) -> None:
    """Training with the card's seed leaves out exactly the recordings that the list names."""
    fold_of = folds.assign(recordings, 1)
    listed = (FOLDER / "held_out.txt").read_text(encoding="utf-8").split()
    assert listed == sorted(group for group, fold in fold_of.items() if fold == folds.HELD_OUT)
