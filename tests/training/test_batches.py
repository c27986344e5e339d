"""Batches: every example comes round, hard negatives more often."""

from dataclasses import replace

import numpy as np
import pytest

from edged.training.batches import BATCH, DRONE, Batches, Schedule, masked, mixed

SCHEDULE = Schedule(mined=16)
CLASSES = np.arange(1000) % 3
FEATURES = np.random.default_rng(0).standard_normal((1000, 12, 16)).astype(np.float16)


def batches(schedule: Schedule = SCHEDULE) -> Batches:
    return Batches(FEATURES, CLASSES, schedule, np.random.default_rng(1))


def test_every_example_comes_once_before_any_comes_again() -> None:
    """Without mining a batch is the next part of a shuffled round."""
    source = batches(replace(SCHEDULE, mined=0))
    drawn = np.concatenate([source.draw()[0] for _ in range(15)])
    assert np.unique(drawn[:1000]).size == 1000


def test_a_hard_negative_comes_in_nearly_every_batch() -> None:
    """One background that was taken for a drone is mined again and again; a drone never is."""
    source = batches()
    scores = np.zeros((2, 3), np.float32)
    scores[:, DRONE] = 0.9
    source.learn(np.array([0, DRONE]), scores)
    chosen = np.concatenate([source.draw()[0] for _ in range(3)])
    assert np.sum(chosen == 0) >= 3 * SCHEDULE.mined
    assert np.sum(chosen == DRONE) <= 2


def test_a_batch_has_its_shape_and_targets_sum_to_one() -> None:
    """Features get a channel, targets are probabilities."""
    chosen, x, y = batches().draw()
    assert chosen.shape == (BATCH,)
    assert x.shape == (BATCH, 12, 16, 1)
    assert y.sum(axis=1) == pytest.approx(np.ones(BATCH), abs=1e-5)


def test_masking_sets_stripes_to_the_mean_and_leaves_the_rest() -> None:
    """About half of the examples lose a stretch of time, and what is not masked is as it was."""
    before = np.ones((400, 30, 64), np.float32)
    after = masked(before.copy(), np.random.default_rng(2))
    assert set(np.unique(after)) == {0.0, 1.0}
    assert 0.4 < np.mean((after == 0).all(axis=2).any(axis=1)) < 0.6
    assert 0.4 < np.mean((after == 0).all(axis=1).any(axis=1)) < 0.6


def test_mixing_blends_features_and_targets_alike() -> None:
    """A share of nothing changes nothing; blended targets follow their features."""
    x = np.eye(8, dtype=np.float32)[:, :, None]
    y = np.eye(8, dtype=np.float32)
    same = mixed(x, y, 0.0, np.random.default_rng(3))
    assert np.array_equal(same[0], x)
    blended = mixed(x, y, 1.0, np.random.default_rng(3))
    assert np.allclose(blended[0][:, :, 0], blended[1])
