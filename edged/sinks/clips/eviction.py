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


def may_go(kept: Iterable[Entry], keep_last: int, coming: Entry | None = None) -> list[Entry]:
    """Those that may be deleted, the first to go first: not the last ``keep_last`` of a pipeline.

    ``coming``: a clip that is not kept yet; it may be one of the last, or, of a long event, begin before them.
    """
    seen: Counter[str] = Counter()
    free = []
    for clip in sorted([*kept, *([coming] if coming else [])], key=lambda it: (it.started_s, it.id), reverse=True):
        seen[clip.pipeline] += 1
        if seen[clip.pipeline] > keep_last and clip is not coming:
            free.append(clip)
    return sorted(free, key=worth)
