"""The split that papers use: windows drawn without regard to recordings. It flatters, for windows of one are alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edged.training import corpus
from edged.training.corpus import Recording
from edged.training.examples import Examples

SHARE = 0.8
"""Of the windows, to train on."""


@dataclass(frozen=True, slots=True)
class RandomSplit:
    """The indoor set on two sides; most recordings have windows on both."""

    seen: list[Recording]
    unseen: list[Recording]
    pool: Examples
    """Examples made of the seen side; empty at first."""


def divide(recordings: Sequence[Recording], seed: int) -> RandomSplit:
    """Put each indoor window on one side by chance."""
    random = np.random.default_rng(seed)
    seen: list[Recording] = []
    unseen: list[Recording] = []
    for recording in (recording for recording in recordings if recording.source == "indoor"):
        heads = random.random(len(recording.windows)) < SHARE
        seen.extend(_part(recording, heads.tolist()))
        unseen.extend(_part(recording, (~heads).tolist()))
    none = np.empty(0, np.int64)
    return RandomSplit(seen, unseen, Examples(np.empty((0, 0, 0), np.float16), none, none))


def _part(recording: Recording, wanted: list[bool]) -> list[Recording]:
    windows = tuple(window for window, want in zip(recording.windows, wanted, strict=True) if want)
    if not windows:
        return []
    samples = corpus.join(window.samples[: window.valid_samples] for window in windows)
    return [replace(recording, samples=samples, windows=windows)]
