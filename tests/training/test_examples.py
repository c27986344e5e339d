"""Examples: what training is fed with."""

import numpy as np

from edged.stages.compute_log_mel import LogMelConfig, log_mel
from edged.training.corpus import KINDS, join
from edged.training.examples import LENGTH, ExampleMaker, make_pool
from tests.training.recordings import corpus

CONFIG = LogMelConfig()


def maker() -> ExampleMaker:
    return ExampleMaker(corpus(), CONFIG)


def test_every_kind_of_example_is_one_finite_second() -> None:
    """Whatever happens to a sound, it stays a second of float32 within full scale or a little beyond."""
    random = np.random.default_rng(0)
    for kind in KINDS:
        for _ in range(60):
            sound = maker_of_all.sound(kind, random)
            assert sound.shape == (LENGTH,)
            assert sound.dtype == np.float32
            assert np.isfinite(sound).all()
            assert np.abs(sound).max() < 2


maker_of_all = maker()


def test_features_are_those_of_the_running_box() -> None:
    """Training sees what ComputeLogMel makes, at half precision."""
    features, classes = maker_of_all.make(40, np.random.default_rng(1))
    frames, bands = log_mel(np.zeros(LENGTH, np.float32), CONFIG).shape
    assert features.shape == (40, frames, bands)
    assert set(classes.tolist()) == {0, 1, 2}


def test_the_pool_is_the_same_with_any_number_of_workers() -> None:
    """The same seed gives the same examples, and each knows its fold."""
    one = make_pool({0: maker_of_all, 1: maker_of_all}, {0: 500, 1: 500}, seed=4, workers=1)
    two = make_pool({0: maker_of_all, 1: maker_of_all}, {0: 500, 1: 500}, seed=4, workers=2)
    assert np.array_equal(one.features, two.features)
    assert np.bincount(one.folds).tolist() == [500, 500]
    assert not np.array_equal(one.features[one.folds == 0], one.features[one.folds == 1])


def test_joined_parts_have_no_click() -> None:
    """Where two parts meet, no sample jumps further than inside a part."""
    part = np.sin(np.arange(4000) * 0.05).astype(np.float32)
    joined = join([part, part[1000:], part[500:]])
    assert np.abs(np.diff(joined)).max() < 3 * np.abs(np.diff(part)).max()
