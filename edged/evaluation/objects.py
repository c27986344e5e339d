"""Judges how well objects are found, by pictures with annotations; through the very stage of the pipeline.

The figures are COCO's own, by its pycocotools (extra ``eval``). https://cocodataset.org/#detection-eval
"""

import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from edged.errors import EdgedError
from edged.evaluation.faces_metrics import wilson_interval
from edged.evaluation.objects_folder import ObjectsFolder, ObjectsFolderError, picture_path, read_folder
from edged.messages.objects import Sighting
from edged.messages.vision import Picture
from edged.sources.files import opencv_name

Look = Callable[[Picture], Sequence[Sighting]]
"""All objects on a picture, however unsure."""
Rows = list[dict[str, Any]]


def evaluate(
    look: Look, directory: Path, score: float, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> dict[str, Any]:
    """Look at every picture of a folder laid out as :mod:`edged.evaluation.objects_folder` says.

    ``score``: the least one of an object, at which precision and recall are told. ``progress(done, total)`` is called
    after each picture. Raises :class:`~edged.errors.EdgedError`, and what ``look`` raises. Figures that there are not
    (of a label that is on no picture) are None.
    """
    judge = _judge()
    folder = read_folder(directory)
    ids = {category.name: category.id for category in folder.categories}
    found: Rows = []
    for done, image in enumerate(folder.images, 1):
        sightings = look(read_picture(picture_path(directory, image)))
        found += [_row(image.id, ids[one.label], one) for one in sightings if one.label in ids]
        progress(done, len(folder.images))
    return figures(folder, judge(folder, found), score)


def read_picture(path: Path) -> Picture:
    """As it is stored: annotations know nothing of how a camera was held. ObjectsFolderError where it is none."""
    import cv2

    picture = cv2.imread(opencv_name(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise ObjectsFolderError(f"{path}: is no picture that can be read; JPEG and PNG can")
    return np.asarray(picture, np.uint8)


def figures(folder: ObjectsFolder, judged: Any, score: float) -> dict[str, Any]:
    """The figures of merit, as plain numbers that JSON can hold."""
    precision = judged.eval["precision"][:, :, :, 0, -1]  # (overlaps, recalls, labels), all sizes, most detections
    at_score = _at_score(judged, score)
    return {
        "n": len(folder.images),
        "objects": sum(not one.iscrowd for one in folder.annotations),
        "map": _mean(precision),
        "map_50": _mean(precision[0]),
        "map_75": _mean(precision[5]),
        "map_small": _mean(judged.eval["precision"][:, :, :, 1, -1]),
        "recall": _mean(judged.eval["recall"][:, :, 0, -1]),
        "score": score,
        **at_score,
        "labels": {
            category.name: _mean(precision[:, :, column])
            for column, category in enumerate(sorted(folder.categories, key=lambda one: one.id))
            if any(one.category_id == category.id and not one.iscrowd for one in folder.annotations)
        },
    }


def _row(image: int, category: int, one: Sighting) -> dict[str, Any]:
    box = one.box
    return {
        "image_id": image,
        "category_id": category,
        "bbox": [box.left, box.top, box.width, box.height],
        "score": one.score,
    }


def _judge() -> Callable[[ObjectsFolder, Rows], Any]:
    """COCO's own evaluation. EdgedError where it is not installed."""
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ModuleNotFoundError:
        raise EdgedError("pycocotools is not installed, which judges objects; `pip install 'edged[eval]'`") from None

    def judge(folder: ObjectsFolder, found: Rows) -> Any:
        with redirect_stdout(io.StringIO()):  # it talks
            truth, told = COCO(), COCO()
            truth.dataset = folder.as_coco()
            truth.createIndex()
            numbered = [
                {**row, "id": number, "iscrowd": 0, "area": row["bbox"][2] * row["bbox"][3]}
                for number, row in enumerate(found, 1)
            ]
            told.dataset = {**truth.dataset, "annotations": numbered}
            told.createIndex()
            judged = COCOeval(truth, told, "bbox")
            judged.evaluate()
            judged.accumulate()
        return judged

    return judge


def _at_score(judged: Any, score: float) -> dict[str, Any]:
    """Precision and recall of what scores at least ``score``, at an overlap of a half, all labels together.

    With their intervals of 95 %, as if objects were found independently of one another.
    """
    right = wrong = there = 0
    for one in filter(None, judged.evalImgs):
        if one["aRng"] != judged.params.areaRng[0]:
            continue
        counts = (np.asarray(one["dtScores"]) >= score) & ~np.asarray(one["dtIgnore"][0], bool)
        hits = np.asarray(one["dtMatches"][0]) > 0
        right, wrong = right + int((counts & hits).sum()), wrong + int((counts & ~hits).sum())
        there += int((~np.asarray(one["gtIgnore"], bool)).sum())
    return _share("precision", right, right + wrong) | _share("recall_at_score", right, there)


def _share(name: str, part: int, whole: int) -> dict[str, Any]:
    if not whole:
        return {name: None, f"{name}_interval": None}
    interval = [round(end, 4) for end in wilson_interval(part / whole, whole)]
    return {name: part / whole, f"{name}_interval": interval}


def _mean(values: Iterable[Any]) -> float | None:
    """Of those that there are: COCO says -1 where there is none."""
    known = np.asarray(values)
    known = known[known > -1]
    return float(known.mean()) if known.size else None
