"""The reference on a model's card: figures of what it was trained on, from which drift is told."""

from collections.abc import Sequence

import numpy as np

from edged.stages.compute_log_mel import LogMelConfig, log_mel
from edged.stages.filter_harmonics import HarmonicsConfig, assess, may_be_rotor
from edged.stages.reject_unknown import UnknownStatistics, mahalanobis
from edged.stages.watch_drift import figures
from edged.training.augment import Sound
from edged.training.corpus import KINDS, Recording
from edged.training.examples import SHARES, ExampleMaker
from edged.training.scorer import Scorer, softmax

EXAMPLES = 3000
"""Made in the same way as the examples of training; about five in six pass the gate."""


def measure(
    scorer: Scorer,
    known: UnknownStatistics,
    recordings: Sequence[Recording],
    config: LogMelConfig,
    temperature: float,
    examples: int = EXAMPLES,
) -> dict[str, dict[str, float]]:
    """Mean and standard deviation of each figure of WatchDrift, over examples of ``recordings`` that pass the gate."""
    maker, random, gate = ExampleMaker(recordings, config), np.random.default_rng(0), HarmonicsConfig()
    kinds = random.choice(KINDS, examples, p=[SHARES[kind] for kind in KINDS]).tolist()
    heard = (sound for kind in kinds if may_be_rotor(assess(sound := maker.sound(kind, random), gate), gate))
    told = [_figures(sound, scorer, known, config, temperature) for sound in heard]
    by_name = {name: [each[name] for each in told] for name in told[0]}
    return {
        name: {"mean": round(float(np.mean(values)), 4), "std": round(float(np.std(values)), 4)}
        for name, values in by_name.items()
    }


def _figures(
    sound: Sound, scorer: Scorer, known: UnknownStatistics, config: LogMelConfig, temperature: float
) -> dict[str, float]:
    logits, embeddings = scorer(log_mel(sound, config)[None])
    return figures(sound, softmax(logits[0], temperature).tolist(), mahalanobis(embeddings[0], known))
