"""The reference on a card: what training makes, and how the shipped model's tells like from unlike."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edged.inference.files.card import Card, read_card
from edged.runtime.drift import Drift, DriftConfig
from edged.stages import reject_unknown
from edged.stages.compute_log_mel import LogMelConfig, log_mel
from edged.stages.filter_harmonics import HarmonicsConfig, assess, may_be_rotor
from edged.stages.watch_drift import SoundReference, figures, references
from edged.training import corpus, reference, validation
from edged.training.scorer import Scorer, softmax
from tests.training import recordings

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "models" / "drone_sound"
DATA = REPOSITORY.parent / "shared" / "data"
NEED_DATA = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there: no recordings to judge by")
GATE = HarmonicsConfig()
Sound = np.ndarray


@pytest.fixture(scope="module")
def card() -> Card:
    return read_card(FOLDER)


@pytest.fixture(scope="module")
def look(card: Card) -> Callable[[Sound], dict[str, float]]:
    """The figures of a window, by the shipped model."""
    scorer = Scorer((FOLDER / "drone_sound.tflite").read_bytes(), len(card.labels))
    known = reject_unknown.load(FOLDER / "unknown.npz")
    config = LogMelConfig(**card.parameters["features"])

    def look(window: Sound) -> dict[str, float]:
        logits, embeddings = scorer(log_mel(window, config)[None])
        scores = softmax(logits[0], card.parameters["temperature"]).tolist()
        return figures(window, scores, reject_unknown.mahalanobis(embeddings[0], known))

    return look


@pytest.fixture(scope="module")
def unheard() -> dict[tuple[str, str], Sound]:
    """Windows of the held-out recordings of drones and background, by source and kind; no outdoor background is."""
    held_out = set((FOLDER / "held_out.txt").read_text(encoding="utf-8").split())
    by_kind: dict[tuple[str, str], list[Sound]] = {}
    for recording in corpus.load(DATA):
        if recording.kind != "helicopter" and recording.source != "esc10" and recording.group in held_out:
            by_kind.setdefault((recording.source, recording.kind), []).append(validation.windows_of(recording))
    return {kind: np.concatenate(windows) for kind, windows in by_kind.items()}


def told(windows: Sound, look: Callable[[Sound], dict[str, float]], card: Card) -> bool:
    """Whether there is a warning when these windows, over and over, are all that is heard for 2,000 windows."""
    said: list[bool] = []
    drift = Drift("drone_sound", DriftConfig(), references(card), said.append)
    seen = [look(each) for each in windows.astype(np.float32) if may_be_rotor(assess(each, GATE), GATE)]
    for at in range(2000):
        drift.look(seen[at % len(seen)])
    return any(said)


def test_it_is_measured_on_examples_that_pass_the_gate(card: Card) -> None:
    """Every figure, with a mean and a spread, and the same again for the same recordings."""
    scorer = Scorer((FOLDER / "drone_sound.tflite").read_bytes(), len(card.labels))
    known = reject_unknown.load(FOLDER / "unknown.npz")
    made = [reference.measure(scorer, known, recordings.corpus(), LogMelConfig(), 0.6, 60) for _ in range(2)]
    assert made[0] == made[1]
    assert all(figure is not None for _, figure in SoundReference.model_validate(made[0]))
    assert -60 < made[0]["input_level_db"]["mean"] < 0


@NEED_DATA
@pytest.mark.timeout(300)
def test_recordings_that_training_did_not_hear_are_no_drift(card: Card, look, unheard) -> None:
    """Drones and background, indoors and outdoors, each alone for long."""
    assert {("indoor", "drone"), ("indoor", "background"), ("outdoor", "drone")} <= unheard.keys()
    assert not [kind for kind, windows in unheard.items() if told(windows, look, card)]


def chords() -> Sound:
    time_s = np.arange(16000) / 16000
    return np.stack(
        [
            sum(0.1 * np.sin(2 * np.pi * hz * ratio * time_s) for ratio in (1, 1.26, 1.498, 2))
            for hz in np.geomspace(100, 1500, 40)
        ]
    ) + np.random.default_rng(0).normal(0, 1e-3, (40, 16000))


@NEED_DATA
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [("indoor", "drone"), ("indoor", "background")])
def test_sound_that_is_far_too_quiet_or_wholly_clipped_is_drift(card: Card, look, unheard, kind) -> None:
    """At -80 dB relative to full scale, and at 40 dB over it."""
    windows = unheard[kind]
    level = np.sqrt((windows.astype(np.float64) ** 2).mean(axis=1, keepdims=True)) + 1e-9
    assert told(windows / level * 1e-4, look, card)
    assert told(np.clip(windows * 100.0, -1, 1), look, card)


def test_tones_are_drift(card: Card, look) -> None:
    """Chords of pure tones pass the gate and resemble nothing that was trained on."""
    assert told(chords(), look, card)
