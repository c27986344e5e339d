"""Trial: how a model proves itself, by a self-test before it is used and as the shadow of one that is."""

import json
import math
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from edged.errors import EdgedError, ModelError
from edged.inference.model import Model
from edged.messages.sound import Harmonics, HarmonicWindow, Samples, ScoredWindow, Span, Window
from edged.pipelines.drones import DronesConfig, check_fit, model_stages
from edged.runtime.health import Part
from edged.runtime.shadow import Shadow


def made_up_window(config: DronesConfig) -> HarmonicWindow:
    """Noise at -20 dB below full scale, always the same."""
    samples = np.random.default_rng(0).normal(0.0, 0.1, round(config.windows.window_s * config.windows.rate_hz))
    span = Span(0.0, config.windows.window_s)
    return HarmonicWindow(Window(samples.astype(np.float32), span), Harmonics(0.0, 0, 0.0))


def self_test(name: str, config: DronesConfig, model: Model) -> None:
    """ModelError unless the pipeline's stages with this model take a made-up window and score it from 0 to 1."""
    seen: list[ScoredWindow] = []
    try:
        model_stages(name, config, model, onlooker=seen.append)(made_up_window(config))
    except EdgedError:
        raise
    except Exception as error:  # whatever it is, the model is not to be used
        raise ModelError(f"model {model.card.name}: fails its self-test: {error!r}; install another version") from error
    scores = dict(seen[0].scores)
    if not all(math.isfinite(score) and 0.0 <= score <= 1.0 for score in scores.values()):
        raise ModelError(f"model {model.card.name}: fails its self-test: scores {scores}; install another version")


class ModelApart:
    """Scores windows in a process of its own, of low priority, which starts with the first window."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self, samples: Samples) -> Mapping[str, float]:
        """The score of each label; all windows of one length. ModelError where the process has ended."""
        if self._process is None:
            self._process = self._start(len(samples))
        assert self._process.stdin is not None  # noqa: S101  # both are pipes
        assert self._process.stdout is not None  # noqa: S101
        with suppress(BrokenPipeError):  # it ended: said below
            self._process.stdin.write(samples.tobytes())
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise ModelError(f"its process ended with status {self._process.wait()}: its last words are in the log")
        scores: dict[str, float] = json.loads(answer)
        return scores

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            with suppress(BrokenPipeError), self._process:
                pass

    def _start(self, samples: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "edged.shadow_process", str(self._folder), str(samples)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],  # where this `edged` is
        )


class Comparison:
    """Asks a second model about windows that the first has scored, and keeps count of how they compare."""

    def __init__(self, config: DronesConfig, score: Callable[[Samples], Mapping[str, float]]) -> None:
        self._labels, self._threshold = config.smoothing.labels, config.smoothing.threshold
        self._score = score
        self._windows = self._agreed = 0
        self._difference = 0.0

    def __call__(self, heard: HarmonicWindow, scored: ScoredWindow) -> Mapping[str, float]:
        """What there is to show since the start.

        ``windows``; the share of them in which both have the same labels on (``agreement``); and by how much the second
        model's scores of those labels are above the first's on average (``score_difference``).
        """
        other = self._score(heard.window.samples)
        pairs = [(scored.scores.get(label, 0.0), other[label]) for label in self._labels]
        self._windows += 1
        self._agreed += all((first >= self._threshold) == (second >= self._threshold) for first, second in pairs)
        self._difference += sum(second - first for first, second in pairs) / len(pairs)
        return {
            "windows": self._windows,
            "agreement": self._agreed / self._windows,
            "score_difference": self._difference / self._windows,
        }


def make_shadow(name: str, config: DronesConfig, model: Model, health: Part) -> Shadow[HarmonicWindow, ScoredWindow]:
    """``model`` as the shadow of pipeline ``name``, with features of its own. ConfigError where the two do not fit.

    Its folder is what counts: it is loaded once more, in a process of its own, on the CPU.
    """
    check_fit(name, config, model)
    apart = ModelApart(model.folder)
    return Shadow(model.card.name, Comparison(config, apart), health, apart.close)
