"""RejectUnknown: what is near to the known passes, what is far from all of it does not."""

from pathlib import Path

import numpy as np
import pytest

from edged.errors import ModelError
from edged.messages.event import ModelUse
from edged.messages.sound import Harmonics, ScoredWindow, Span
from edged.stages.reject_unknown import (
    RejectUnknown,
    UnknownConfig,
    UnknownStatistics,
    calibrate,
    fit,
    load,
    mahalanobis,
    save,
    shrunk_covariance,
)

RANDOM = np.random.default_rng(5)
SHAPE = np.diag([3.0, 1.0, 0.3])
CENTRES = {"background": np.array([-20.0, 0.0, 0.0]), "drone": np.array([20.0, 0.0, 0.0])}


def samples(label: str, count: int) -> np.ndarray:
    return CENTRES[label] + RANDOM.standard_normal((count, 3)) @ SHAPE


@pytest.fixture(scope="module")
def known() -> UnknownStatistics:
    data = np.concatenate([samples(label, 2000) for label in CENTRES])
    return fit(data, np.repeat(list(CENTRES), 2000), samples("drone", 2000))


def scored(embedding: np.ndarray) -> ScoredWindow:
    scores = {"background": 0.1, "drone": 0.9}
    harmonics = Harmonics(180.0, 5, 12.0)
    return ScoredWindow(scores, embedding.astype(np.float32), ModelUse("m", "0", "cpu"), harmonics, Span(0.0, 1.0))


def test_distance_counts_standard_deviations(known: UnknownStatistics) -> None:
    """Two deviations along a wide axis and two along a narrow one are equally far."""
    for axis, deviation in enumerate((3.0, 1.0, 0.3)):
        away = np.zeros(3)
        away[axis] = 2 * deviation
        assert mahalanobis(CENTRES["drone"] + away, known) == pytest.approx(2.0, rel=0.1)


def test_distance_is_to_the_nearest_class(known: UnknownStatistics) -> None:
    """A background sound is near to the known, although it is far from drones."""
    assert mahalanobis(CENTRES["background"], known) < 0.2
    assert mahalanobis(np.zeros(3), known) > 5


def test_threshold_passes_the_share_of_unheard_drones_that_was_asked_for(known: UnknownStatistics) -> None:
    """With quantile 0.99 one drone in a hundred is farther than the threshold."""
    stage = RejectUnknown(UnknownConfig(quantile=0.99), known)
    passed = [len(list(stage(scored(embedding)))) for embedding in samples("drone", 4000)]
    assert np.mean(passed) == pytest.approx(0.99, abs=0.01)


def test_the_strange_is_dropped_and_the_known_has_its_distance_as_evidence(known: UnknownStatistics) -> None:
    """Evidence carries the distance and the gate's figures, units in their names."""
    stage = RejectUnknown(UnknownConfig(), known)
    assert not list(stage(scored(np.array([0.0, 40.0, 40.0]))))
    (passed,) = stage(scored(CENTRES["drone"]))
    assert passed.evidence == {
        "distance": mahalanobis(CENTRES["drone"], known),
        "f0_hz": 180.0,
        "harmonics": 5.0,
        "snr_db": 12.0,
    }


def test_a_threshold_overrides_the_quantile(known: UnknownStatistics) -> None:
    """A threshold in the config is the greatest distance that passes."""
    stage = RejectUnknown(UnknownConfig(threshold=1.0), known)
    assert list(stage(scored(CENTRES["drone"] + np.array([0.0, 0.8, 0.0]))))
    assert not list(stage(scored(CENTRES["drone"] + np.array([0.0, 1.3, 0.0]))))


def test_disabled_it_passes_everything_and_still_tells_the_distance(known: UnknownStatistics) -> None:
    """Without rejecting, the evidence is the same."""
    (passed,) = RejectUnknown(UnknownConfig(enabled=False), known)(scored(np.array([0.0, 90.0, 90.0])))
    assert passed.evidence["distance"] > 50


def test_a_class_with_one_sample_does_not_break_it() -> None:
    """One sample is its class's mean; the others give the covariance."""
    data = np.concatenate([samples("background", 50), CENTRES["drone"][None]])
    statistics = fit(data, ["background"] * 50 + ["drone"])
    assert mahalanobis(CENTRES["drone"], statistics) == pytest.approx(0.0, abs=1e-3)
    assert np.isfinite(mahalanobis(np.array([1.0, 2.0, 3.0]), statistics))


def test_nothing_but_single_samples_still_gives_finite_distances() -> None:
    """With one sample of each class there is no covariance at all; distances stay finite and ordered."""
    statistics = fit(np.eye(3), ["a", "b", "c"])
    near, far = mahalanobis(np.array([1.0, 0.1, 0.0]), statistics), mahalanobis(np.array([5.0, 5.0, 5.0]), statistics)
    assert np.isfinite([near, far]).all()
    assert near < far


def test_fewer_samples_than_dimensions_give_a_covariance_that_can_be_inverted() -> None:
    """Shrinkage keeps every eigenvalue above zero, and leaves plentiful data nearly alone."""
    few = RANDOM.standard_normal((5, 40))
    assert np.linalg.eigvalsh(shrunk_covariance(few - few.mean(axis=0))).min() > 0
    many = RANDOM.standard_normal((20000, 3)) @ SHAPE
    assert np.allclose(shrunk_covariance(many - many.mean(axis=0)), SHAPE**2, atol=0.2)


def test_without_calibration_nothing_is_rejected() -> None:
    """Statistics that no unheard drone has calibrated pass everything."""
    statistics = fit(np.eye(3), ["a", "b", "c"])
    assert list(RejectUnknown(UnknownConfig(), statistics)(scored(np.full(3, 1e6))))
    assert calibrate(statistics, np.eye(3)).threshold(1.0) < np.inf


def test_nothing_to_learn_from_is_a_value_error() -> None:
    """Embeddings and labels must be as many, and there must be some."""
    with pytest.raises(ValueError, match="0 for 0 labels"):
        fit(np.empty((0, 3)), [])
    with pytest.raises(ValueError, match="3 for 1 labels"):
        fit(np.eye(3), ["a"])


def test_statistics_survive_the_file(known: UnknownStatistics, tmp_path: Path) -> None:
    """What is saved is what is loaded, and saving twice gives the same bytes."""
    save(known, tmp_path / "a.npz")
    save(known, tmp_path / "b.npz")
    again = load(tmp_path / "a.npz")
    assert again.labels == known.labels
    assert mahalanobis(np.ones(3), again) == mahalanobis(np.ones(3), known)
    assert again.threshold(0.9) == known.threshold(0.9)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 half"])
def test_a_damaged_file_is_one_clear_error(content: bytes, tmp_path: Path) -> None:
    """The message names the file."""
    path = tmp_path / "unknown.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"unknown\.npz"):
        load(path)


def test_a_missing_array_is_one_clear_error(tmp_path: Path) -> None:
    """So is a file of numpy's that holds something else."""
    np.savez(tmp_path / "unknown.npz", means=np.eye(3))
    with pytest.raises(ModelError, match="labels"):
        load(tmp_path / "unknown.npz")
