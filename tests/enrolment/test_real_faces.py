"""Real pictures through the real models: what teaches something, and what is refused for which reason."""

import json

import cv2
import numpy as np
import pytest

from edged.cli import main
from edged.enrolment.config import EnrolmentConfig
from edged.enrolment.examine import Examiner, Reason
from edged.enrolment.pictures import read_picture
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.messages.vision import Frame
from edged.pipelines.faces import FacesConfig
from edged.pipelines.faces import face_models as load_models
from tests.faces import DATA, NEED_DATA, face_models

__all__ = ["face_models"]
pytestmark = NEED_DATA
LFW = DATA / "theJamesChen__LFW-ComputerVision" / "lfw"
ALI = LFW / "Ali_Naimi"
SPOOFS = DATA / "minivision-ai__Silent-Face-Anti-Spoofing"


@pytest.fixture(scope="module")
def examiner(face_models):
    """Makes one: what comes of a picture, by a config."""
    faces = FacesConfig()
    models = load_models(faces, Catalogue(ModelsConfig(path=face_models)).load)

    def make(config):
        examine = Examiner(config, faces, models, keep_crops=True)
        return lambda picture: examine(
            Frame(picture, 5.0, 1000.0), "a.jpg", examine.new_track(), must_live=config.pictures_must_live
        )

    return make


@pytest.fixture(scope="module")
def examine(examiner):
    return examiner(EnrolmentConfig())


def portrait():
    return read_picture(ALI / "Ali_Naimi_0001.jpg")


def test_a_portrait_teaches_a_sample(examine):
    """A unit vector with quality, time, origin and an aligned picture."""
    sample = examine(portrait()).sample
    assert np.linalg.norm(sample.embedding) == pytest.approx(1.0, abs=1e-5)
    assert (sample.model, sample.at_s, sample.origin) == ("face_embedding", 1005.0, "a.jpg")
    assert sample.quality > 0.5
    assert cv2.imdecode(np.frombuffer(sample.crop, np.uint8), cv2.IMREAD_COLOR).shape == (112, 112, 3)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (np.zeros_like, Reason.NO_FACE),
        (lambda picture: np.hstack([picture, picture]), Reason.SEVERAL),
        (lambda picture: cv2.resize(picture, (75, 75), interpolation=cv2.INTER_AREA), Reason.SMALL),
        (lambda picture: (picture * 0.12).astype(np.uint8), Reason.DARK),
        (lambda picture: cv2.GaussianBlur(picture, (0, 0), 5), Reason.BLURRED),
    ],
    ids=lambda value: value if isinstance(value, Reason) else "",
)
def test_a_spoilt_portrait_is_refused_for_what_is_wrong_with_it(examine, spoil, reason):
    """The same picture, made worse."""
    assert examine(spoil(portrait())).reason is reason


@pytest.mark.parametrize(("name", "reason"), [("T1", None), ("F1", Reason.SPOOF), ("F2", Reason.SPOOF)])
def test_pictures_of_pictures_are_refused(examiner, name, reason):
    """Upstream's samples: one real, two of a screen and of paper. Where asked not to look, it does not."""
    examine = examiner(EnrolmentConfig(min_pose=0))
    picture = read_picture(SPOOFS / f"image_{name}.jpg")
    assert examine(picture).reason is reason
    assert examiner(EnrolmentConfig(min_pose=0, pictures_must_live=False))(picture).sample is not None


def test_people_are_enrolled_without_a_running_edged(face_models, tmp_path, monkeypatch, capsys):
    """This process looks at the pictures itself; the same person under another name is noticed."""
    monkeypatch.chdir(tmp_path)
    for name, path in (("MODELS", face_models), ("GALLERY", tmp_path / "faces"), ("CONTROL", tmp_path / "c.sock")):
        monkeypatch.setenv(f"EDGED_{name}__PATH", str(path))
    pictures = [str(path) for path in sorted(ALI.iterdir())]
    assert main(["enroll", "Ali", *pictures[:2]]) == 0
    assert main(["enroll", "Somebody", *pictures[3:5]]) == 1
    assert 'to "Ali": the same person?' in capsys.readouterr().err
    assert main(["people", "list", "--json"]) == 0
    (person,) = json.loads(capsys.readouterr().out)
    assert (person["name"], person["models"], person["re_enrol"]) == ("Ali", ["face_embedding"], False)
