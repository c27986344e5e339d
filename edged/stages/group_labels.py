"""GroupLabels: from the scores of a model's many labels to those of the few groups of them that matter here.

A group's score is the highest of its labels'. A model such as YAMNet scores each label on its own, and those of one
group are seldom independent (AudioSet has `Shatter` below `Glass`), so neither their sum nor 1 - Π(1 - score) would be
a score; and the highest stays what the threshold was chosen for, however many labels a group has.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from edged.messages.sound import Harmonics, KnownWindow, ScoredWindow
from edged.messages.sound_events import LabelledWindow

TOP = 3
"""Labels of a group, and of all, that are told as evidence."""
NOT_LOOKED_FOR = Harmonics(f0_hz=0.0, count=0, snr_db=0.0)
NO_EMBEDDING = np.empty(0, np.float32)


def highest(scores: Mapping[str, float], labels: Sequence[str], count: int) -> dict[str, float]:
    """The ``count`` labels of ``labels`` with the highest scores, the highest first."""
    return {label: scores[label] for label in sorted(labels, key=lambda label: -scores[label])[:count]}


class GroupLabels:
    """Makes of each window one for each group, whose only score is the group's."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        """``groups``: the model's labels of each, at least one."""
        self._groups = {group: tuple(labels) for group, labels in groups.items()}

    def __call__(self, window: LabelledWindow) -> Iterator[KnownWindow]:
        most = highest(window.scores, tuple(window.scores), TOP)
        for group, labels in self._groups.items():
            own = highest(window.scores, labels, TOP)
            scores = {group: max(own.values())}
            scored = ScoredWindow(scores, NO_EMBEDDING, window.model, NOT_LOOKED_FOR, window.span)
            yield KnownWindow(scored, {**own, **most})
