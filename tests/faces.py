"""What tests of faces share: a folder of models made from ../shared/data, and faces that nobody ever saw."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from edged.cli import main
from edged.messages.event import ModelUse
from edged.messages.vision import (
    AlignedFace,
    Box,
    Candidate,
    CheckedFace,
    DetectedFaces,
    EmbeddedFace,
    Face,
    Frame,
    Liveness,
    MatchedFace,
    Quality,
    RefusedFace,
    TrackedFace,
    Verdict,
)

DATA = Path(__file__).parents[1].parent / "shared" / "data"
NEED_DATA = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here: no models of faces")
PULLED = (
    "face_rfb_320",
    "face_blaze_back",
    "face_blaze_front",
    "face_blaze_full_range",
    "face_ssd_slim",
    "liveness_27",
    "liveness_40",
)
USE = ModelUse("made_up", "0" * 64, "cpu")


def make_models(folder: Path) -> Path:
    """Detectors and liveness models pulled from the mirror, and ``face_embedding`` and ``veracity`` with cards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGED_MODELS__PATH", str(folder))
        patch.chdir(folder)
        assert main(["models", "pull", *PULLED, "--mirror", str(DATA)]) == 0
    install_embedder(folder / "face_embedding")
    install_veracity(folder / "veracity")
    return folder


def install(folder: Path, file: str, **card: Any) -> None:
    """A converted model as `edged models build` would leave it."""
    folder.mkdir()
    shutil.copyfile(DATA / "derived_models" / file, folder / "model.tflite")
    sha256 = hashlib.sha256((folder / "model.tflite").read_bytes()).hexdigest()
    files = {"cpu": {"path": "model.tflite", "sha256": sha256}}
    common = {"name": folder.name, "version": "1", "files": files, "licence": "Apache-2.0", "source": file}
    (folder / "card.yaml").write_text(yaml.safe_dump({**common, **card}))


def install_embedder(folder: Path) -> None:
    """MobileFaceNet in int8."""
    install(
        folder,
        "mobilefacenet_foamliu_112_int8.tflite",
        task="face-embedding",
        inputs=[{"name": "rgb", "shape": [1, 112, 112, 3], "dtype": "uint8", "scale": 1.0}],
        outputs=[
            {"name": "embedding", "shape": [1, 128], "dtype": "int8", "scale": 0.05315432697534561, "zero_point": -2}
        ],
        labels=[],
    )


def install_veracity(folder: Path) -> None:
    """Meso4 in float."""
    install(
        folder,
        "Meso4_DF_256_f32.tflite",
        task="veracity",
        inputs=[{"name": "rgb", "shape": [1, 256, 256, 3], "dtype": "float32"}],
        outputs=[{"name": "real", "shape": [1, 1], "dtype": "float32"}],
        labels=["real"],
        parameters={"scale": 255},
    )


@pytest.fixture(scope="session")
def face_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for ``ModelsConfig(path=…)``; import it where a test wants it."""
    if not DATA.is_dir():
        pytest.skip("../shared/data is not here: no models of faces")
    return make_models(tmp_path_factory.mktemp("models"))


def a_face(x: float = 100.0, y: float = 100.0, side: float = 80.0, score: float = 0.9, *, turned: float = 0.0) -> Face:
    """A face whose box has its left upper corner at x, y; ``turned`` from 0 (straight) to 1 (to the side)."""
    keypoints = {
        "right_eye": (x + 0.29 * side, y + 0.35 * side),
        "left_eye": (x + 0.71 * side, y + 0.35 * side),
        "nose": (x + (0.5 + 0.21 * turned) * side, y + 0.58 * side),
        "mouth": (x + 0.5 * side, y + 0.78 * side),
    }
    return Face(Box(x, y, x + side, y + side), score, keypoints)


def a_picture(width: int = 640, height: int = 480, seed: int = 0) -> np.ndarray:
    """Sharp and well lit: random grey blocks of 4 pixels."""
    blocks = np.random.default_rng(seed).integers(40, 220, (height // 4, width // 4, 1), np.uint8)
    return np.repeat(blocks.repeat(4, 0).repeat(4, 1), 3, 2)


PICTURE = a_picture()


def a_frame(at_s: float = 0.0, picture: np.ndarray = PICTURE) -> Frame:
    return Frame(picture, at_s, 1_700_000_000.0)


def detected(at_s: float, *faces: Face, picture: np.ndarray = PICTURE) -> DetectedFaces:
    return DetectedFaces(a_frame(at_s, picture), faces, USE)


def tracked(at_s: float = 0.0, track: int = 1, quality: float = 0.8, face: Face | None = None) -> TrackedFace:
    return TrackedFace(a_frame(at_s), face or a_face(), track, Quality(1.0, quality, 1.0, 1.0), USE)


def aligned(at_s: float = 0.0, track: int = 1, face: Face | None = None) -> AlignedFace:
    return AlignedFace(tracked(at_s, track, face=face), a_picture(112, 112))


def an_embedding(number: int, towards: int | None = None, near: float = 0.9) -> np.ndarray:
    """A unit vector of length 128, always the same for ``number``; or one as ``near`` as that to ``towards``."""
    vector = np.random.default_rng(number).normal(size=128)
    vector /= np.linalg.norm(vector)
    if towards is not None:
        other = an_embedding(towards)
        across = vector - (vector @ other) * other
        vector = near * other + (1 - near**2) ** 0.5 * across / np.linalg.norm(across)
    return vector.astype(np.float32)


def matched(
    at_s: float,
    similarities: Sequence[tuple[str, float]],
    track: int = 1,
    embedding: np.ndarray | None = None,
    liveness: Liveness | None = None,
) -> MatchedFace:
    """``similarities``: the nearest people, best first; each person's name is their id with a capital."""
    nearest = tuple(Candidate(person, person.capitalize(), similarity) for person, similarity in similarities)
    embedded = EmbeddedFace(
        CheckedFace(aligned(at_s, track), liveness), an_embedding(track) if embedding is None else embedding, USE
    )
    return MatchedFace(embedded, nearest)


def refused(at_s: float, track: int = 1, verdict: Verdict = Verdict.SPOOF, score: float = 0.1) -> RefusedFace:
    return RefusedFace(tracked(at_s, track), Liveness(verdict, score, 3), USE)
