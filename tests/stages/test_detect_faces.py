"""DetectFaces: from a frame to faces in its own pixels, for each family of detectors."""

import csv
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import ModelError
from edged.face_decoders import blaze_anchors, decode_blaze, decode_ssd, sigmoid, ssd_priors
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.files.card import Card
from edged.inference.model import Answer
from edged.inference.supply.origin import FolderMirror
from edged.inference.supply.store import pull
from edged.messages.event import ModelUse
from edged.messages.vision import Box, Frame
from edged.stages.detect_faces import DetectFaces, DetectionConfig, letterbox, levels, read_facts
from edged.vision import iou

CARDS = Catalogue(ModelsConfig()).available()
BLAZE = ["face_blaze_front", "face_blaze_back", "face_blaze_full_range", "face_coral"]
SSD = ["face_ssd_slim", "face_rfb_320", "face_slim_320"]
UPSTREAM = {  # candidates of one inference, as the files' own tensors have them
    "face_blaze_front": 896,
    "face_blaze_back": 896,
    "face_blaze_full_range": 2304,
    "face_coral": 896,
    "face_ssd_slim": 1118,
    "face_rfb_320": 4420,
    "face_slim_320": 4420,
}
DATA = Path(__file__).parents[2].parent / "shared" / "data"
NEED_DATA = pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data is not here: no models and no pictures of people"
)
USE = ModelUse("fake", "0" * 64, "cpu")


class FakeModel:
    """Answers what it was told and remembers what it was shown."""

    home = "cpu"
    folder = Path()

    def __init__(self, card: Card, *outputs: np.ndarray) -> None:
        self.card, self._outputs = card, outputs
        self.shown: list[np.ndarray] = []

    def run(self, inputs):
        self.shown += inputs
        return Answer([output.copy() for output in self._outputs], USE)

    def close(self) -> None:
        """Nothing to be done."""


def blaze(name: str, faces: dict[int, tuple[tuple[float, ...], float]]) -> FakeModel:
    """A BlazeFace that sees, by anchor, a box in fractions of its input with a logit; keypoints at the box's middle."""
    card = CARDS[name]
    side, anchors = card.inputs[0].shape[1], blaze_anchors(read_facts(card).layout.grids)
    boxes, scores = np.zeros((1, len(anchors), 16), np.float32), np.full((1, len(anchors), 1), -100, np.float32)
    for row, ((left, top, right, bottom), logit) in faces.items():
        centre = np.array([(left + right) / 2, (top + bottom) / 2]) - anchors[row]
        boxes[0, row] = np.hstack([centre, [right - left, bottom - top], *[centre] * 6]) * side
        scores[0, row] = logit
    return FakeModel(card, boxes, scores)


def found(model: FakeModel, picture: np.ndarray, **config):
    landmarks = None if model.card.name in BLAZE else blaze("face_blaze_front", {})
    (detected,) = DetectFaces(DetectionConfig(**config), model, landmarks)(Frame(picture, 1.5, 1e9))
    return detected


def grey(width: int, height: int, level: int = 128) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


@pytest.mark.parametrize("name", UPSTREAM)
def test_there_are_as_many_candidates_as_the_model_gives(name):
    """Anchors and priors follow from the card alone."""
    card = CARDS[name]
    layout = read_facts(card).layout
    height, width = card.inputs[0].shape[1:3]
    places = (
        blaze_anchors(layout.grids)
        if layout.kind == "blaze"
        else ssd_priors((width, height), layout.strides, layout.sizes)
    )
    assert len(places) == UPSTREAM[name]
    assert ((places >= 0) & (places <= 1)).all()


@given(st.sampled_from(BLAZE), st.integers(100, 2000), st.integers(100, 2000), st.floats(0.2, 0.5), st.integers(0, 895))
def test_a_face_comes_back_in_the_frame_s_own_pixels(name, width, height, size, row):
    """Whatever the frame's shape: the bars that the network saw at two sides are taken off again."""
    scale, share = max(width, height), 0.3
    seen = (share, share, share + size, share + size)
    expected = [
        part * scale - (scale - extent) / 2 for part, extent in zip(seen, (width, height, width, height), strict=True)
    ]
    (face,) = found(blaze(name, {row: (seen, 5.0)}), grey(width, height), min_size_px=1).faces
    assert np.allclose(face.box, expected, atol=scale * 1e-5)
    middle = ((expected[0] + expected[2]) / 2, (expected[1] + expected[3]) / 2)
    assert set(face.keypoints) == {"right_eye", "left_eye", "nose", "mouth"}
    assert all(np.allclose(point, middle, atol=scale * 1e-5) for point in face.keypoints.values())
    assert face.score == pytest.approx(1 / (1 + np.exp(-5.0)), abs=1e-6)


@given(st.integers(0, 1117), st.integers(100, 2000), st.integers(100, 2000))
def test_an_ssd_prior_that_is_not_moved_is_the_face(row, width, height):
    """Offsets of zero leave the prior as it is, in a frame that was stretched to the network's shape."""
    card = CARDS["face_ssd_slim"]
    boxes, scores = np.full((1, 1118, 4), 31, np.int8), np.full((1, 1118, 2), -128, np.int8)
    scores[0, row, 1] = 127
    (face,) = found(FakeModel(card, boxes, scores), grey(width, height), min_size_px=1).faces
    layout = read_facts(card).layout
    x, y, across, down = ssd_priors((160, 120), layout.strides, layout.sizes)[row] * [width, height, width, height]
    assert np.allclose(face.box, (x - across / 2, y - down / 2, x + across / 2, y + down / 2), atol=1e-2)
    assert not face.keypoints
    assert face.score == pytest.approx(255 / 256)


def test_decoding_follows_the_papers():
    """By hand: SSD moves a prior by variance · offset · size and scales it by e^(variance · offset)."""
    one = np.array([[0.5, 0.5, 0.2, 0.4]], np.float32)
    decoded = decode_ssd(np.array([[1.0, -1.0, 5.0, 0.0]], np.float32), one, (0.1, 0.2))
    assert np.allclose(decoded.boxes, [[0.52 - 0.1 * np.e, 0.46 - 0.2, 0.52 + 0.1 * np.e, 0.46 + 0.2]])
    decoded = decode_blaze(np.array([[12.8, 0, 64, 32, 0, 12.8]], np.float32), np.array([[0.5, 0.5]], np.float32), 128)
    assert np.allclose(decoded.boxes, [[0.35, 0.375, 0.85, 0.625]])
    assert np.allclose(decoded.keypoints, [[[0.5, 0.6]]])
    assert sigmoid(np.array([-1e9, 0, 1e9], np.float32)).tolist() == [pytest.approx(0, abs=1e-30), 0.5, 1.0]


def test_there_is_always_one_answer_with_the_surest_first():
    """Also for a frame without faces; with the frame and the model that looked."""
    none = found(blaze("face_blaze_back", {}), grey(640, 480))
    assert none.faces == ()
    assert none.use == USE
    assert none.frame.epoch_s == 1e9
    two = {3: ((0.1, 0.3, 0.3, 0.5), 2.0), 700: ((0.5, 0.3, 0.9, 0.7), 4.0)}
    faces = found(blaze("face_blaze_back", two), grey(640, 480)).faces
    assert [round(face.box.left) for face in faces] == [320, 64]


def test_one_face_that_many_anchors_see_is_one():
    """The surest of them; with ``overlap`` 1 every one is a face."""
    model = blaze("face_blaze_back", {row: ((0.3, 0.3, 0.6 + row / 1000, 0.6), 2.0 + row) for row in range(5)})
    (face,) = found(model, grey(640, 640)).faces
    assert face.box.right == pytest.approx(0.604 * 640)
    assert len(found(model, grey(640, 640), overlap=1.0).faces) == 5


def test_the_config_says_what_is_a_face():
    """Score and least size; of a crowd the surest few."""
    some = {row: ((row * 0.1, 0.4, row * 0.1 + 0.09, 0.49), 1.0 + row) for row in range(8)}
    model = blaze("face_blaze_back", some)
    assert len(found(model, grey(640, 640), score=0.5).faces) == 8
    assert len(found(model, grey(640, 640), score=0.995).faces) == 3
    assert found(model, grey(640, 640), score=0.5, min_size_px=60).faces == ()
    surest = found(model, grey(640, 640), score=0.5, max_faces=2).faces
    assert [round(face.box.left / 64) for face in surest] == [7, 6]


def test_a_broken_answer_is_no_face():
    """Not-a-number boxes or scores are dropped."""
    model = blaze("face_blaze_back", {5: ((0.3, 0.3, 0.6, 0.6), 3.0), 600: ((np.nan, 0.3, 0.6, 0.6), 9.0)})
    assert len(found(model, grey(640, 480)).faces) == 1
    model = blaze("face_blaze_back", {5: ((0.3, 0.3, 0.6, 0.6), np.nan)})
    assert found(model, grey(640, 480)).faces == ()


@pytest.mark.parametrize("name", BLAZE + SSD)
def test_the_network_sees_the_colours_that_its_card_names(name):
    """Blue, green and red go in as upstream feeds them, in the input's shape and dtype."""
    card = CARDS[name]
    picture = np.broadcast_to(np.array([10, 100, 250], np.uint8), (480, 640, 3))
    model = FakeModel(card, np.zeros((1, 0, 16), np.float32), np.zeros((1, 0, 2), np.float32))
    found(model, np.ascontiguousarray(picture))
    (shown,) = model.shown
    assert shown.shape == card.inputs[0].shape
    assert shown.dtype == card.inputs[0].dtype
    middle = shown[0, shown.shape[1] // 2, shown.shape[2] // 2].astype(float)
    by_hand = {
        "face_coral": [250, 100, 10],
        "face_ssd_slim": [round(0.299 * 250 + 0.587 * 100 + 0.114 * 10) - 128],
        "face_rfb_320": [(level - 127) / 128 for level in (250, 100, 10)],
        "face_slim_320": [(level - 127) / 128 for level in (250, 100, 10)],
    }
    assert np.allclose(middle, by_hand.get(name, [level / 127.5 - 1 for level in (250, 100, 10)]), atol=1e-6)


def test_every_level_has_its_own_value_in_the_network():
    """Also where the input is quantised: no two fall together."""
    for name in BLAZE + SSD:
        assert len(set(levels(read_facts(CARDS[name]), CARDS[name].inputs[0]).tolist())) == 256


@given(st.integers(1, 4000), st.integers(1, 4000), st.tuples(st.integers(1, 400), st.integers(1, 400)))
def test_bars_are_no_wider_than_they_must_be(width, height, size):
    """The shape asked for, round the box, with its centre, and as large as the box one way."""
    seen = letterbox(Box(0, 0, width, height), size)
    assert seen.width / seen.height == pytest.approx(size[0] / size[1])
    assert (seen.left + seen.right, seen.top + seen.bottom) == pytest.approx((width, height))
    assert seen.width >= width - 1e-6
    assert seen.height >= height - 1e-6
    assert seen.width == pytest.approx(width) or seen.height == pytest.approx(height)


def test_a_second_look_gives_the_keypoints_of_the_face_in_the_box():
    """Not those of a surer neighbour, in the frame's pixels; nothing where it sees nothing there."""
    own, neighbour = (0.3, 0.3, 0.7, 0.7), (0.75, 0.3, 1.0, 0.6)
    model = blaze("face_blaze_front", {0: (own, 3.0), 1: (neighbour, 6.0)})
    keypoints = DetectFaces(DetectionConfig(), model).keypoints(grey(640, 480), Box(100, 200, 180, 280))
    assert np.allclose(list(keypoints.values()), (140, 240), atol=1e-3)
    assert DetectFaces(DetectionConfig(), blaze("face_blaze_front", {})).keypoints(grey(9, 9), Box(0, 0, 9, 9)) == {}
    away = DetectFaces(DetectionConfig(), blaze("face_blaze_front", {1: ((0.9, 0.9, 1.0, 1.0), 6.0)}))
    assert away.keypoints(grey(640, 480), Box(100, 200, 180, 280)) == {}


def test_every_face_is_looked_at_again_where_a_model_for_landmarks_is_named():
    """Its keypoints go before the detector's, which stay where it sees none; the box and the score stay."""
    first = blaze("face_blaze_back", {3: ((0.2, 0.4, 0.4, 0.6), 2.0), 700: ((0.5, 0.3, 0.9, 0.7), 4.0)})
    again = blaze("face_blaze_front", {0: ((0.4, 0.4, 0.5, 0.5), 3.0)})
    (alone,), (both,) = (
        DetectFaces(DetectionConfig(), first, then)(Frame(grey(640, 640), 0.0)) for then in (None, again)
    )
    assert len(again.shown) == 2
    for one, other in zip(alone.faces, both.faces, strict=True):
        assert other.box == one.box
        assert other.score == one.score
        middle = np.add(one.box[:2], one.box[2:]) / 2
        expected = middle - 0.05 * 1.6 * one.box.width
        assert np.allclose(list(one.keypoints.values()), middle, atol=1e-2)
        assert np.allclose(list(other.keypoints.values()), expected, atol=1e-2)
    (kept,) = DetectFaces(DetectionConfig(), first, blaze("face_blaze_front", {}))(Frame(grey(640, 640), 0.0))
    assert kept.faces == alone.faces


class SeesWhatHasABorder(FakeModel):
    """Answers what it was told where its input begins with black, else nothing."""

    def run(self, inputs):
        answer = super().run(inputs)
        if inputs[0].flat[0] > -1:
            answer.outputs[1][:] = -100
        return answer


def test_a_still_filled_by_a_face_is_looked_at_again_with_a_border():
    """The face comes back in the picture's own pixels. A frame of a video is not: the next one comes soon."""
    card, outputs = (
        CARDS["face_blaze_back"],
        blaze("face_blaze_back", {0: ((1 / 6, 1 / 6, 5 / 6, 5 / 6), 3.0)})._outputs,
    )
    detect, frame = DetectFaces(DetectionConfig(), SeesWhatHasABorder(card, *outputs)), Frame(grey(92, 92), 1.5)
    (face,) = detect.in_still(frame).faces
    assert np.allclose(face.box, (0, 0, 92, 92), atol=1e-3)
    assert np.allclose(list(face.keypoints.values()), 46, atol=1e-3)
    assert [detected.faces for detected in detect(frame)] == [()]


def test_a_still_with_a_face_is_looked_at_once():
    """And what comes of it is what comes of a frame; an empty one is looked at twice and stays empty."""
    seen, empty = blaze("face_blaze_back", {0: ((0.2, 0.2, 0.6, 0.6), 3.0)}), blaze("face_blaze_back", {})
    stills = [DetectFaces(DetectionConfig(), model).in_still(Frame(grey(640, 640), 1.5)) for model in (seen, empty)]
    assert (len(seen.shown), len(empty.shown)) == (1, 2)
    assert [still.faces for still in stills] == [found(seen, grey(640, 640)).faces, ()]


@NEED_DATA
def test_real_faces_that_fill_their_pictures_are_found(real):
    """Two of each of forty people (ORL), by the default detector: more than on a single look."""
    detect = real("face_rfb_320")
    folder = DATA / "hakawa-bernardi__orl-face-recognition-pca-svm" / "orl_faces"
    frames = [Frame(cv2.imread(str(path)), 0.0) for number in (1, 6) for path in folder.glob(f"*/{number}.pgm")]
    at_once = sum(bool(detected.faces) for frame in frames for detected in detect(frame))
    in_stills = sum(bool(detect.in_still(frame).faces) for frame in frames)
    assert len(frames) == 80
    assert at_once < in_stills
    assert in_stills >= 79


def test_without_keypoints_and_landmarks_the_remedy_is_named():
    """Before any frame: a face that nobody can turn upright would never be recognised."""
    with pytest.raises(ModelError, match=r"face_rfb_320: gives no keypoints .*face_blaze_front.* as landmarks"):
        DetectFaces(DetectionConfig(), FakeModel(CARDS["face_rfb_320"]))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"layout": {"kind": "yolo"}}, r"face_blaze_back: parameters\.layout: .*'yolo'.*; name a face detector"),
        ({"colour": "cmyk"}, r"parameters\.colour: "),
        ({"score": 2}, r"parameters\.score: "),
    ],
)
def test_a_card_that_cannot_be_read_is_refused(edit, message):
    """By name, key and remedy, before any frame."""
    card = CARDS["face_blaze_back"]
    with pytest.raises(ModelError, match=message):
        DetectFaces(DetectionConfig(), FakeModel(card.model_copy(update={"parameters": {**card.parameters, **edit}})))


def test_a_model_of_another_kind_is_refused():
    """A classifier of sound finds no faces."""
    model = Catalogue(ModelsConfig()).load("drone_sound")
    with pytest.raises(ModelError, match="drone_sound: parameters"):
        DetectFaces(DetectionConfig(), model)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A detector by name with its real model, and one for landmarks where it needs one."""
    models = tmp_path_factory.mktemp("models")

    def make(name: str) -> DetectFaces:
        for wanted in {name, "face_blaze_front"}:
            pull(models, CARDS[wanted], FolderMirror(DATA), lambda _: None)
        load = Catalogue(ModelsConfig(path=models)).load
        return DetectFaces(DetectionConfig(), load(name), None if name in BLAZE else load("face_blaze_front"))

    return make


@NEED_DATA
@pytest.mark.parametrize("name", sorted({*BLAZE, *SSD} - {"face_coral"}))
def test_real_faces_are_found_with_their_eyes_above_their_mouths(real, name):
    """In pictures of twenty people who look at the camera: each with the keypoints in their places."""
    with (DATA / "splits" / "lfw_subset.csv").open() as table:
        people = {row["identity"]: DATA / row["file"] for row in csv.DictReader(table)}
    detect = real(name)
    for path in islice(people.values(), 20):
        picture = cv2.imread(str(path))
        (detected,) = detect(Frame(picture, 0.0))
        (middle,) = [f for f in detected.faces if f.box.left < 125 < f.box.right and f.box.top < 125 < f.box.bottom]
        points = middle.keypoints
        assert points["right_eye"][0] < points["left_eye"][0], path.name
        assert max(points["right_eye"][1], points["left_eye"][1]) < points["mouth"][1], path.name
        assert iou([middle.box], [(75, 75, 175, 185)])[0, 0] > 0.3, path.name


@NEED_DATA
@pytest.mark.parametrize("name", sorted({*BLAZE, *SSD} - {"face_coral"}))
def test_real_sky_has_no_faces(real, name):
    """With drones, birds and aeroplanes in it, at the score that the card names."""
    detect = real(name)
    for path in sorted((DATA / "DroneDetectionThesis__Drone-detection-dataset" / "video").glob("*.mp4")):
        video = cv2.VideoCapture(str(path))
        for _ in range(4):
            (detected,) = detect(Frame(video.read()[1], 0.0))
            assert not detected.faces, path.name
        video.release()
