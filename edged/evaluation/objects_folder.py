"""Reads pictures with the objects on them: ``annotations.json`` as of COCO, and the pictures beside it.

https://cocodataset.org/#format-data: ``images`` (id, file_name), ``categories`` (id, name) and ``annotations``
(image_id, category_id, bbox of left, top, width, height in pixels, iscrowd); whatever else stands there is passed over.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edged.errors import EdgedError

FILE = "annotations.json"
MOST_BYTES = 512 * 2**20
Side = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ObjectsFolderError(EdgedError):
    """A folder of pictures and annotations cannot be used as it is."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Image(_Part):
    """A picture."""

    id: int
    file_name: str = Field(min_length=1)


class Category(_Part):
    """A kind of object."""

    id: int
    name: str


class Annotation(_Part):
    """An object on a picture."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, Side, Side]
    """Left, top, width and height in pixels."""
    iscrowd: bool = False
    """It is many: finding any of them is neither right nor wrong."""


class ObjectsFolder(_Part):
    """What there is to evaluate."""

    images: tuple[Image, ...] = Field(min_length=1)
    categories: tuple[Category, ...] = Field(min_length=1)
    annotations: tuple[Annotation, ...]

    def as_coco(self) -> dict[str, Any]:
        """For pycocotools, which wants ids and areas."""
        known = self.model_dump(mode="json")
        numbered = [
            {**it, "id": number, "iscrowd": int(it["iscrowd"]), "area": it["bbox"][2] * it["bbox"][3]}
            for number, it in enumerate(known["annotations"], 1)
        ]
        return {**known, "annotations": numbered}


def read_folder(directory: Path) -> ObjectsFolder:
    """What there is to evaluate. Raises :class:`ObjectsFolderError` naming what is missing or does not fit."""
    path = directory / FILE
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ObjectsFolderError(f"{path}: larger than {MOST_BYTES >> 20} MB; evaluate a part of it")
        folder = ObjectsFolder.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ObjectsFolderError(
            f"{path}: cannot be read ({error.strerror}); a folder to evaluate has annotations.json as of COCO"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise ObjectsFolderError(f"{path}: {where}: {first['msg']}; it must be as of COCO") from None
    _check(path, folder)
    return folder


def _check(path: Path, folder: ObjectsFolder) -> None:
    """That each id stands once, and annotations are of what there is."""
    for what, parts in (("images", folder.images), ("categories", folder.categories)):
        ids = [part.id for part in parts]
        if len(set(ids)) != len(ids):
            double = next(one for one in ids if ids.count(one) > 1)
            raise ObjectsFolderError(f"{path}: {what}: id {double} stands twice; each must have its own")
    images, categories = {one.id for one in folder.images}, {one.id for one in folder.categories}
    for number, one in enumerate(folder.annotations):
        for name, value, known in (("image_id", one.image_id, images), ("category_id", one.category_id, categories)):
            if value not in known:
                raise ObjectsFolderError(f"{path}: annotations.{number}.{name}: {value}, is no id that stands there")


def picture_path(directory: Path, image: Image) -> Path:
    """Beside the annotations, or in ``images/``. Raises :class:`ObjectsFolderError` where it is nowhere."""
    for path in (directory / image.file_name, directory / "images" / image.file_name):
        if path.is_file():
            return path
    raise ObjectsFolderError(f"{directory / image.file_name}: no such file, nor in images/; {FILE} names it")
