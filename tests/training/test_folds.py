"""Folds: nothing that shares sound is ever on two sides."""

from collections import Counter

from edged.training import folds
from tests.training.recordings import corpus


def test_every_group_is_in_exactly_one_fold() -> None:
    """A mixture and the clip in it, and the parts of an outdoor group, stay together."""
    fold_of = folds.assign(corpus(), 1)
    assert set(fold_of) == {recording.group for recording in corpus()}
    assert set(fold_of.values()) == {*range(folds.FOLDS), folds.HELD_OUT}


def test_folds_are_alike() -> None:
    """Each kind and source is spread evenly, and the held-out fold is small."""
    fold_of = folds.assign(corpus(), 1)
    for kind in ("background", "drone", "helicopter"):
        counts = Counter(fold_of[r.group] for r in corpus() if r.kind == kind and r.source == "indoor")
        assert max(counts[n] for n in range(folds.FOLDS)) - min(counts[n] for n in range(folds.FOLDS)) <= 5
        assert 0 < counts[folds.HELD_OUT] <= 4


def test_the_same_seed_gives_the_same_folds() -> None:
    """And another seed gives others."""
    assert folds.assign(corpus(), 1) == folds.assign(corpus(), 1)
    assert folds.assign(corpus(), 1) != folds.assign(corpus(), 2)
