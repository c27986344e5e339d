"""What tests of everyday sounds share: a model that hears tones, sound for it, and YAMNet where ../shared/data is."""

from pathlib import Path

import numpy as np
import pytest

from edged.cli import main
from edged.inference.files.card import Card
from edged.inference.model import Answer, check_inputs
from edged.messages.event import ModelUse
from edged.messages.sound import Chunk, Span

DATA = Path(__file__).parents[1].parent / "shared" / "data"
NEED_DATA = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here: no models of sound events")
RATE_HZ = 16000
TONES_HZ = {"Speech": 320.0, "Glass": 960.0, "Shatter": 1920.0, "Engine": 640.0}
EPOCH_S = 1_700_000_000.0


class HearsTones:
    """A model of sound events: each label is a tone, its score the tone's amplitude."""

    home = "cpu"
    folder = Path()

    def __init__(self, **card):
        facts = {
            "name": "tones",
            "version": "1",
            "task": "audio-events",
            "files": {},
            "inputs": [{"name": "waveform", "shape": [15600], "dtype": "float32"}],
            "outputs": [{"name": "scores", "shape": [1, len(TONES_HZ)], "dtype": "float32"}],
            "labels": list(TONES_HZ),
            "parameters": {"rate_hz": RATE_HZ, "voice": ["Speech"]},
            "licence": "Apache-2.0",
            "source": "tests",
        }
        self.card = Card.model_validate({**facts, **card})

    def close(self):
        pass

    def run(self, inputs):
        check_inputs(self.card, inputs)
        samples = inputs[0].reshape(-1).astype(np.float64)
        turns = np.exp(-2j * np.pi * np.outer(list(TONES_HZ.values()), np.arange(len(samples)) / RATE_HZ))
        scores = np.abs(turns @ samples) * 2 / len(samples)
        return Answer([scores[None].astype(np.float32)], ModelUse("tones", "0" * 64, "cpu"))


def tone(label, seconds, amplitude=0.9):
    """The sound of one label, shape (n,)."""
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * TONES_HZ[label] * at_s)).astype(np.float32)


def silence(seconds):
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def chunks_of(*sounds, chunk_s=0.05, epoch_s=EPOCH_S):
    """One after another, as a microphone gives them."""
    sound, step = np.concatenate(sounds), round(chunk_s * RATE_HZ)
    for at in range(0, len(sound), step):
        piece = sound[at : at + step]
        yield Chunk(piece, Span(at / RATE_HZ, (at + len(piece)) / RATE_HZ, epoch_s))


@pytest.fixture(scope="session")
def yamnet(tmp_path_factory):
    """The folder with both YAMNets, for ``ModelsConfig(path=…)``; import it where a test wants it."""
    if not DATA.is_dir():
        pytest.skip("../shared/data is not here: no models of sound events")
    folder = tmp_path_factory.mktemp("yamnet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGED_MODELS__PATH", str(folder))
        patch.chdir(folder)
        assert main(["models", "pull", "audio_yamnet", "audio_yamnet_spectra", "--mirror", str(DATA)]) == 0
    return folder
