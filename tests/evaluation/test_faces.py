"""Evaluating faces: the figures are those of the embeddings, whoever makes them."""

import json
from pathlib import Path

import numpy as np
import pytest

from edged.errors import EdgedError
from edged.evaluation.faces import RATES, compare, evaluate, figures
from edged.evaluation.faces_folder import FacesFolderError, Labelled
from edged.evaluation.faces_plot import plot

KEYS = ["n", "detection_rate", "rank1", "known_named", "strangers_named", "named_at_far", "tar_at_far", "eer"]


def at(degrees):
    """A unit vector; the similarity of two is the cosine of what lies between."""
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


def labelled(*names):
    return [Labelled(Path(name), name.partition("-")[0]) for name in names]


GALLERY = labelled("ana-1", "ana-2", "bo-1")
PROBES = labelled("ana-3", "bo-2", "bo-3")
STRANGERS = labelled("x-1", "y-1")
SEEN = {"ana-1": at(0), "ana-2": at(20), "bo-1": at(90), "ana-3": at(30), "bo-2": at(40), "bo-3": None} | {
    "x-1": at(130),
    "y-1": at(180),
}


def scores():
    return compare(GALLERY, PROBES, STRANGERS, {Path(name): face for name, face in SEEN.items()})


def test_a_person_counts_by_the_most_similar_picture():
    """And the second is another person, not another picture of the first."""
    known = scores().known
    assert known.best == pytest.approx([np.cos(np.radians(10)), np.cos(np.radians(20)), -np.inf])
    assert known.second[:2] == pytest.approx([np.cos(np.radians(60)), np.cos(np.radians(50))])
    assert known.right.tolist() == [True, False, False]


def test_figures_count_what_was_not_detected_too():
    """A probe without a face is a probe that was not named."""
    found = figures(scores(), threshold=0.5, margin=0.1)
    assert list(found) == [*KEYS, "threshold"]
    assert found["n"] == 8
    assert found["detection_rate"] == pytest.approx(7 / 8)
    assert found["rank1"] == found["known_named"] == pytest.approx(1 / 3)
    assert found["strangers_named"] == 0.5
    assert found["named_at_far"] == {str(rate): pytest.approx(1 / 3) for rate in RATES}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_every_pair_of_a_probe_and_the_gallery_is_scored():
    """Three of one person times its pictures, all others are of two people."""
    found = scores()
    assert (found.genuine.size, found.impostors.size) == (2 + 1 + 1, 1 + 2 + 2 + 2 * 3)


def test_a_gallery_of_one_person_has_no_second():
    """Which is as unlike as can be."""
    found = compare(GALLERY[:1], PROBES[:1], [], {Path(name): face for name, face in SEEN.items()})
    assert found.known.second.tolist() == [-1.0]
    assert figures(found, 0.5, 0.0)["strangers_named"] is None


def test_a_gallery_without_a_face_is_an_error():
    """There is nobody to be like."""
    with pytest.raises(FacesFolderError, match="no face was found on any picture"):
        compare(labelled("ana-1"), [], [], {Path("ana-1"): None})


def test_each_picture_is_looked_at_once(tmp_path):
    """And told to whoever wants to know how far it is."""
    for name in ("gallery/ana/0.png", "probes/ana/10.png", "strangers/180.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    told = []
    found = evaluate(lambda path: at(int(path.stem)), tmp_path, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert figures(found, 0.5, 0.0)["known_named"] == 1.0


def test_the_plot_is_a_png(tmp_path):
    """DET curve and histograms are drawn into one picture."""
    plot(scores(), 0.5, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    """The message names the option and the path."""
    with pytest.raises(EdgedError, match=r"--plot: .*nowhere"):
        plot(scores(), 0.5, tmp_path / "nowhere" / "plot.png")
