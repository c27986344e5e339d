"""DetectObjects: from a frame to the objects that count, in its own pixels."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.errors import ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.stages.detect_objects import DetectObjects, ObjectDetectionConfig
from tests.objects import COCO, DATA, NEED_DATA, FakeDetector, a_frame, object_models

__all__ = ["object_models"]

PERSON = ("person", 0.9, (0.4, 0.2, 0.6, 0.8))
shares = st.floats(0, 0.5)


def detect(*answers, picture=None, **config):
    """What is found in a frame of 640 x 480, by a detector that answers so."""
    stage = DetectObjects(ObjectDetectionConfig.model_validate(config), FakeDetector(*answers))
    (found,) = stage(a_frame(1.5) if picture is None else a_frame(1.5, picture))
    return found


def labels(found):
    return [one.label for one in found.objects]


@settings(max_examples=30)
@given(shares, shares, st.floats(0.1, 0.5), st.floats(0.1, 0.5), st.integers(100, 2000), st.integers(100, 2000))
def test_an_object_comes_back_in_the_frame_s_own_pixels(left, top, across, down, width, height):
    """Whatever the frame's shape."""
    box = (left, top, left + across, top + down)
    picture = np.zeros((height, width, 3), np.uint8)
    (one,) = detect([("dog", 0.8, box)], picture=picture, min_size_px=1).objects
    assert np.allclose(one.box, np.array(box) * [width, height, width, height], atol=1e-3 * max(width, height))
    assert (one.label, one.score, one.sure) == ("dog", pytest.approx(0.8), True)


def test_boxes_end_at_the_frame_s_edges():
    """Models reach over them."""
    (one,) = detect([("person", 0.8, (-0.1, 0.5, 0.5, 1.2))]).objects
    assert one.box == (0, 240, 320, 480)


def test_scores_and_sizes_are_asked_by_label():
    """Each its own, else that of all; a label that is not named does not count, and nothing counts by a null."""
    told = [PERSON, ("car", 0.65, (0, 0, 0.3, 0.3)), ("dog", 0.9, (0.7, 0.7, 0.9, 0.9))]
    assert labels(detect(told)) == ["person", "dog", "car"]
    assert labels(detect(told, labels={"person": {}, "car": {"score": 0.7}}, keep=1)) == ["person"]
    assert labels(detect(told, labels={"car": {}, "dog": {"min_size_px": 97}})) == ["car"]
    assert labels(detect(told, score=0.7, keep=1, labels={"car": {"score": 0.6}, "dog": {}})) == ["dog", "car"]


def test_what_is_not_sure_is_told_apart():
    """It may keep on what is followed already, down to a share of its label's score."""
    told = [PERSON, ("dog", 0.4, (0.7, 0.7, 0.9, 0.9)), ("dog", 0.25, (0.1, 0.1, 0.3, 0.3))]
    found = detect(told, score=0.5, keep=0.6)
    assert [(one.label, one.sure) for one in found.objects] == [("person", True), ("dog", False)]


def test_nothing_counts_that_stands_behind_a_mask():
    """By the middle of the box's lower edge, not by what else of it is there."""
    told = [PERSON, ("dog", 0.9, (0.5, 0.1, 0.7, 0.4))]
    upper = [[0, 0], [1, 0], [1, 0.5], [0, 0.5]]
    assert labels(detect(told, masks=[upper])) == ["person"]
    assert labels(detect(told, masks=[upper, [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]])) == []


def test_a_region_is_looked_at_by_itself_at_full_resolution():
    """What it shows fills the model's input, and what is seen in it is where it is in the frame."""
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[120:240, 320:480] = 255
    model = FakeDetector([PERSON], [("dog", 0.9, (0.5, 0.5, 1.0, 1.0))])
    regions = [{"left": 0.5, "right": 0.75, "top": 0.25, "bottom": 0.5}]
    stage = DetectObjects(ObjectDetectionConfig.model_validate({"regions": regions}), model)
    (found,) = stage(a_frame(0.0, picture))
    whole, part = model.shown
    assert whole.mean() < 100
    assert part.min() == 255
    assert [(one.label, tuple(one.box)) for one in found.objects] == [
        ("person", pytest.approx((256, 96, 384, 384), abs=1e-3)),
        ("dog", pytest.approx((400, 180, 480, 240))),
    ]


def test_the_least_sure_go_first_where_there_are_too_many():
    """In one frame."""
    told = [("dog", 0.5 + n / 20, (n / 10, 0, n / 10 + 0.09, 0.5)) for n in range(8)]
    scores = [one.score for one in detect(told, max_objects=3).objects]
    assert scores == pytest.approx([0.85, 0.8, 0.75])


@pytest.mark.parametrize(
    ("label", "hint"),
    [("persn", "did you mean 'person'"), ("zeppelin", "`edged models show objects_coco_ssd`"), ("???", "shows its")],
)
def test_a_label_that_the_model_does_not_know_is_refused(label, hint):
    """With a near name, or where to look; unused classes have none."""
    with pytest.raises(ModelError, match=f"detection.labels: .*{hint}"):
        DetectObjects(ObjectDetectionConfig(labels={label: {}}), FakeDetector([]))


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(COCO.labels), st.floats(width=32), st.tuples(*[st.floats(width=32)] * 4)), max_size=10
    )
)
def test_whatever_a_model_says_objects_are_sane(told):
    """In the frame, of a size, sure enough, the surest first."""
    with np.errstate(all="ignore"):
        found = detect(told, min_size_px=2)
    for one in found.objects:
        assert 0 <= one.box.left < one.box.right <= 640
        assert 0 <= one.box.top < one.box.bottom <= 480
        assert 0.3 <= one.score <= 1
        assert one.label != "???"
    assert [one.score for one in found.objects] == sorted((one.score for one in found.objects), reverse=True)


@NEED_DATA
@pytest.mark.parametrize(("file", "there"), [("pets.jpg", ["dog", "dog"]), ("cat.bmp", ["cat"]), ("owl.jpg", ["bird"])])
def test_the_coco_ssd_sees_what_is_on_pictures(object_models, file, there):
    """Upright, by name, where they are."""
    picture = cv2.imread(str(DATA / "google-coral__test_data" / "images" / file))
    model = Catalogue(ModelsConfig(path=object_models)).load("objects_coco_ssd")
    (found,) = DetectObjects(ObjectDetectionConfig(score=0.6, keep=1), model)(a_frame(0.0, picture))
    assert labels(found) == there
    assert all(one.box.area > 0.02 * picture.shape[0] * picture.shape[1] for one in found.objects)
    assert found.use.name == "objects_coco_ssd"


@NEED_DATA
def test_a_region_finds_whom_the_whole_picture_is_too_coarse_for(object_models):
    """A person of 30 pixels in a frame of 1280 x 960; at the place where they are."""
    person = cv2.imread(str(DATA / "google-coral__test_data" / "images" / "squat.bmp"))
    frame = np.full((960, 1280, 3), 190, np.uint8)
    frame[500:573, 700:760] = cv2.resize(person, (60, 73), interpolation=cv2.INTER_AREA)
    model = Catalogue(ModelsConfig(path=object_models)).load("objects_coco_ssd")
    near = {"left": 0.5, "right": 0.65, "top": 0.45, "bottom": 0.65}
    found = []
    for regions in ([], [near]):
        config = ObjectDetectionConfig.model_validate({"labels": {"person": {}}, "keep": 1, "regions": regions})
        (detected,) = DetectObjects(config, model)(a_frame(0.0, frame))
        found.append([one.box for one in detected.objects])
    assert found[0] == []
    ((left, top, right, bottom),) = found[1]
    assert (700 <= (left + right) / 2 <= 760, 500 <= (top + bottom) / 2 <= 573) == (True, True)


@NEED_DATA
def test_a_raw_headed_ssd_is_read_by_its_card(object_models):
    """The very detector of faces, asked for objects: its label is ``face``."""
    picture = cv2.imread(str(DATA / "google-coral__test_data" / "images" / "face.jpg"))
    model = Catalogue(ModelsConfig(path=object_models)).load("face_ssd_slim")
    (found,) = DetectObjects(ObjectDetectionConfig(score=0.8, keep=1, overlap=0.3), model)(a_frame(0.0, picture))
    assert 2 <= len(found.objects) <= 4
    assert set(labels(found)) == {"face"}
