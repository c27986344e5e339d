"""`edged models evaluate objects`: COCO's own figures, of what the pipeline's stage finds."""

import argparse
import json
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from edged.cli.models.evaluate_objects import evaluate_objects
from edged.errors import EdgedError
from edged.evaluation.objects import evaluate
from edged.evaluation.objects_folder import ObjectsFolderError, picture_path, read_folder
from edged.inference.catalogue import ModelsConfig
from edged.messages.objects import Sighting
from edged.messages.vision import Box
from edged.settings import Settings
from tests.objects import COCO, DATA, NEED_DATA, object_models

__all__ = ["object_models"]

STILLS = Path(__file__).with_name("stills.json").read_text()
PEOPLE = [(10, 10, 60, 90), (100, 20, 50, 100)]
GOOD = {
    "info": {"year": 2026},
    "images": [{"id": 7, "file_name": "a.png"}, {"id": 9, "file_name": "b.png", "width": 200}],
    "categories": [{"id": 1, "name": "person"}, {"id": 5, "name": "dog"}],
    "annotations": [
        {"image_id": 7, "category_id": 1, "bbox": PEOPLE[0]},
        {"image_id": 7, "category_id": 1, "bbox": PEOPLE[1], "iscrowd": 0},
        {"image_id": 9, "category_id": 5, "bbox": [20, 20, 100, 100], "segmentation": []},
    ],
}


@pytest.fixture
def folder(tmp_path):
    """Two pictures with three objects: the second lies in images/."""
    (tmp_path / "images").mkdir()
    for name, level in (("a.png", 10), ("images/b.png", 200)):
        cv2.imwrite(str(tmp_path / name), np.full((150, 200, 3), level, np.uint8))
    (tmp_path / "annotations.json").write_text(json.dumps(GOOD))
    return tmp_path


@pytest.fixture
def judge():
    return pytest.importorskip("pycocotools", reason="pycocotools is not installed (extra eval)")


def one(left, top, width, height, label="person", score=0.9):
    return Sighting(Box(left, top, left + width, top + height), label, score)


def looking(dark, bright):
    """Sees these on the dark picture, those on the bright one."""
    return lambda picture: bright if picture.mean() > 100 else dark


def test_who_finds_everything_has_full_marks(folder, judge):
    """Each figure is 1; progress is told."""
    told = []
    look = looking([one(*box) for box in PEOPLE], [one(20, 20, 100, 100, "dog")])
    found = evaluate(look, folder, 0.5, lambda *it: told.append(it))
    assert (found["n"], found["objects"], told) == (2, 3, [(1, 2), (2, 2)])
    assert all(found[name] == pytest.approx(1) for name in ("map", "map_50", "map_75", "recall", "precision"))
    assert found["labels"] == {"person": pytest.approx(1), "dog": pytest.approx(1)}
    assert found["recall_at_score"] == 1


def test_misses_false_alarms_and_loose_boxes_cost(folder, judge):
    """By hand: of the people one is found with an IoU of 0.6 and one made up; the dog is missed, a cat passed over."""
    loose = one(10, 10, 60, 54)
    found = evaluate(looking([loose, one(150, 0, 30, 30, score=0.8)], [one(0, 0, 9, 9, "cat")]), folder, 0.5)
    assert found["labels"]["person"] == pytest.approx(3 / 10 * 51 / 101)  # three overlaps of ten, half of the recalls
    assert found["labels"]["dog"] == 0
    assert found["map_50"] == pytest.approx(51 / 101 / 2)
    assert found["map_75"] == 0
    assert found["map_small"] is None
    assert (found["precision"], found["recall_at_score"]) == (0.5, pytest.approx(1 / 3))
    assert found["precision_interval"] == pytest.approx([0.0945, 0.9055], abs=1e-3)  # Wilson's, of one of two
    found = evaluate(looking([loose], []), folder, 0.95)
    assert found["precision"] is found["precision_interval"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": []}, "images: .*at least 1 item"),
        ({"images": [*GOOD["images"], {"id": 7, "file_name": "c.png"}]}, "images: id 7 stands twice"),
        (
            {"annotations": [{"image_id": 1, "category_id": 1, "bbox": PEOPLE[0]}]},
            r"annotations\.0\.image_id: 1, is no",
        ),
        ({"annotations": [{"image_id": 7, "category_id": 1, "bbox": [0, 0, -1, 1]}]}, r"annotations\.0\.bbox\.2"),
        ({"categories": "person"}, "categories: .*must be as of COCO"),
    ],
)
def test_annotations_that_do_not_fit_are_refused(folder, change, message):
    """With the file, the place in it and what is wrong."""
    (folder / "annotations.json").write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(ObjectsFolderError, match=message):
        read_folder(folder)


def test_what_is_not_there_is_said(folder, judge):
    """The annotations, a picture, or a picture that is one."""
    with pytest.raises(ObjectsFolderError, match=r"annotations\.json: cannot be read \(No such file"):
        read_folder(folder / "images")
    image = read_folder(folder).images[0]
    (folder / "a.png").write_text("no picture")
    with pytest.raises(EdgedError, match=r"a\.png: is no picture that can be read"):
        evaluate(looking([], []), folder, 0.5)
    (folder / "a.png").unlink()
    with pytest.raises(ObjectsFolderError, match=r"a\.png: no such file, nor in images/"):
        picture_path(folder, image)


@NEED_DATA
@pytest.mark.parametrize("as_json", [True, False])
def test_the_coco_ssd_is_as_good_as_its_card_says(tmp_path, judge, object_models, capsys, as_json):
    """On the stills of ../shared/data, by the command: the pipeline's own detector, every label, however unsure."""
    (tmp_path / "annotations.json").write_text(STILLS)
    for folder in {Path(one["file_name"]).parts[0] for one in json.loads(STILLS)["images"]}:
        (tmp_path / folder).symlink_to(DATA / folder)
    settings = Settings(models=ModelsConfig(path=object_models))
    evaluate_objects(settings, argparse.Namespace(directory=tmp_path, json=as_json), told)
    out = capsys.readouterr().out
    said = COCO.metrics["stills"]
    if as_json:
        found = json.loads(out)
        assert (found["n"], found["objects"]) == (said["pictures"], said["objects"])
        for name in ("map_50", "precision", "precision_interval", "recall_at_score", "recall_at_score_interval"):
            assert found[name] == pytest.approx(said[name], abs=0.01)
    else:
        lines = [line.split() for line in out.splitlines()]
        assert ["objects", str(said["objects"])] in lines
        assert ["label", "average", "precision"] in lines
        assert lines[-1][0] in {"backpack", "couch", "tie"}


@contextmanager
def told(_):
    yield lambda done, total: None
