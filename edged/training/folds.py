"""Divides recordings into folds, so that a model is only ever judged by what it has not heard."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from edged.training.corpus import Recording

FOLDS = 3
"""Folds of the cross-validation."""
HELD_OUT = FOLDS
"""The fold that the shipped model never sees."""
_HELD_OUT_SHARE = 0.06


def assign(recordings: Sequence[Recording], seed: int) -> dict[str, int]:
    """Fold of every group. Groups of one kind and source are spread evenly; :data:`HELD_OUT` gets a few of each."""
    strata: dict[tuple[str, str], list[str]] = defaultdict(list)
    placed: set[str] = set()
    for recording in sorted(recordings, key=_rarest_first):
        if recording.group not in placed:
            placed.add(recording.group)
            strata[recording.kind, recording.source].append(recording.group)
    random = np.random.default_rng(seed)
    folds: dict[str, int] = {}
    for stratum in sorted(strata):
        groups = [strata[stratum][i] for i in random.permutation(len(strata[stratum]))]
        held_out = round(_HELD_OUT_SHARE * len(groups))
        folds.update(dict.fromkeys(groups[:held_out], HELD_OUT))
        folds.update({group: place % FOLDS for place, group in enumerate(groups[held_out:])})
    return folds


def _rarest_first(recording: Recording) -> tuple[int, int]:
    """A group of several kinds counts as its drones', then as its outdoor part's."""
    return (recording.kind != "drone", recording.source != "outdoor")
