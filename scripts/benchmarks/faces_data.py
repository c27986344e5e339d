"""Models and pictures for the benchmarks of faces, from ``../shared/data``: none of it may be committed."""

import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import yaml

from edged.enrolment.pictures import read_picture
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.files.card import ModelFile, Tensor
from edged.inference.interpreter import make_interpreter
from edged.inference.supply import store
from edged.inference.supply.origin import mirror
from edged.messages.vision import Picture
from edged.pipelines.faces import FacesConfig

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
LFW = DATA / "theJamesChen__LFW-ComputerVision" / "lfw"
EMBEDDER = DATA / "derived_models" / "mobilefacenet_foamliu_112_int8.tflite"
WIDTH, HEIGHT = 640, 480


class NoDataError(Exception):
    """What the benchmarks of faces need is not here."""


@cache
def catalogue() -> Catalogue:
    """The models of the default pipeline, in a folder that is gone when we are. NoDataError without their files."""
    if not EMBEDDER.is_file():
        raise NoDataError(f"{DATA} is not here: no models and no pictures of people to measure with")
    folder = Path(_keep(tempfile.TemporaryDirectory(prefix="edged-bench-models-")))
    config = FacesConfig()
    here = Catalogue(ModelsConfig(path=folder))
    for name in (*finders(config), *config.liveness.models):
        store.pull(folder, here.entry(name), mirror(str(DATA)), lambda _: None)
    write_embedder(folder / config.embedder, here)
    return here


def finders(config: FacesConfig) -> tuple[str, ...]:
    """The models that find a face and its eyes."""
    return (config.detector, config.landmarks) if config.landmarks else (config.detector,)


def write_embedder(folder: Path, models: Catalogue) -> None:
    """The int8 embedder that was derived elsewhere, with a card."""
    folder.mkdir()
    shutil.copy(EMBEDDER, folder)
    content = EMBEDDER.read_bytes()
    interpreter = make_interpreter(content, "face_embedding", 1)
    scale, zero_point = interpreter.get_output_details()[0]["quantization"]
    sha256 = hashlib.sha256(content).hexdigest()
    card = models.entry("face_embedding").model_copy(
        update={
            "files": {"cpu": ModelFile(path=EMBEDDER.name, sha256=sha256)},
            "inputs": (Tensor(name="rgb", shape=(1, 112, 112, 3), dtype="uint8", scale=1.0),),
            "outputs": (Tensor(name="embedding", shape=(1, 128), dtype="int8", scale=scale, zero_point=zero_point),),
        }
    )
    (folder / "card.yaml").write_text(yaml.safe_dump(card.model_dump(mode="json")), encoding="utf-8")


def portraits(count: int) -> list[Path]:
    """So many pictures of people, the same ones over again where there are fewer. NoDataError without any."""
    files = sorted(LFW.glob("*/*.jpg"))
    if not files:
        raise NoDataError(f"{LFW}: no pictures of people to measure with")
    return [files[at % len(files)] for at in range(count)]


def empty_frame(seed: int = 0) -> Picture:
    """640 x 480: a wall with a little noise, and nobody."""
    wall = np.linspace(90, 150, WIDTH)[None, :, None] + np.zeros((HEIGHT, 1, 3))
    noisy = wall + np.random.default_rng(seed).normal(0, 3, wall.shape)
    return np.asarray(noisy.clip(0, 255), np.uint8)


def frame_with(portrait: Path, seed: int = 0) -> Picture:
    """640 x 480: the same wall with the picture of one person on it."""
    frame = empty_frame(seed)
    picture = cv2.resize(read_picture(portrait), (400, 400))
    frame[40:440, 120:520] = picture
    return frame


_kept: list["tempfile.TemporaryDirectory[str]"] = []


def _keep(folder: "tempfile.TemporaryDirectory[str]") -> str:
    _kept.append(folder)
    return folder.name
