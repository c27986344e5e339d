"""Eviction: which clips go first where there are too many. Pure."""

import math
from collections import Counter
from collections.abc import Iterable

from edged.sinks.clips.clip import Entry

HALF_LIFE_S = 7 * 86400.0
"""A clip that is older by a week is worth as much as one with half its confidence."""
LEAST_CONFIDENCE = 0.01


def worth(clip: Entry) -> tuple[bool, float]:
    """Grows with what a person has said of it, then with confidence and youth; the order stays as time goes by."""
    return clip.feedback, math.log2(max(clip.confidence, LEAST_CONFIDENCE)) + clip.started_s / HALF_LIFE_S


def may_go(kept: Iterable[Entry], keep_last: int, coming: str | None = None) -> list[Entry]:
    """Those that may be deleted, the first to go first: not the last ``keep_last`` of a pipeline.

    ``coming``: the pipeline that a new clip is of, which is one of those.
    """
    seen = Counter([coming])
    free = []
    for clip in sorted(kept, key=lambda it: (it.started_s, it.id), reverse=True):
        seen[clip.pipeline] += 1
        if seen[clip.pipeline] > keep_last:
            free.append(clip)
    return sorted(free, key=worth)
