"""CheckLiveness: pictures of faces are told from faces, over several frames, and what is not allowed is refused."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.errors import ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.files.card import Tensor
from edged.inference.model import Answer
from edged.messages.vision import AlignedFace, Box, CheckedFace, Frame, Quality, RefusedFace, TrackedFace, Verdict
from edged.stages.check_liveness import MAX_TRACKS, CheckLiveness, LivenessConfig, score_of, surroundings, upright
from edged.stages.detect_faces import DetectFaces, DetectionConfig
from tests.faces import DATA, USE, a_face, a_picture, aligned

SAMPLES = DATA / "minivision-ai__Silent-Face-Anti-Spoofing"
boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.floats(-50, 700), st.floats(-50, 500), st.floats(1, 400), st.floats(1, 400),
)  # fmt: skip


class Says:
    """A liveness model with a made-up opinion, and the last thing it was shown."""

    def __init__(self, *scores, **parameters):
        self.scores = list(scores)
        inputs = (Tensor(name="bgr", shape=(1, 80, 80, 3), dtype="float32"),)
        outputs = (Tensor(name="score", shape=(1, 1), dtype="float32"),)
        self.card = SimpleNamespace(
            name="says", labels=("real",), inputs=inputs, outputs=outputs, parameters={"crop": 2.7, **parameters}
        )

    def run(self, inputs):
        (self.shown,) = inputs
        score = self.scores.pop(0) if len(self.scores) > 1 else self.scores[0]
        return Answer([np.array([[score]], np.float32)], USE)


def check(*models, **config):
    return CheckLiveness(LivenessConfig(models=tuple("m" * (n + 1) for n in range(len(models))), **config), models)


def looks(stage, count, track=1, first_s=0.0):
    return [item for n in range(count) for item in stage(aligned(first_s + n * 0.1, track))]


def test_the_models_tell_upstreams_samples_apart(face_models):
    """One real face and two pictures of faces, through the detector, as a camera would show them."""
    catalogue = Catalogue(ModelsConfig(path=face_models))
    config = LivenessConfig()
    stage = CheckLiveness(config, [catalogue.load(name) for name in config.models_in_use])
    detect = DetectFaces(DetectionConfig(), catalogue.load("face_blaze_back"))
    verdicts = {}
    for track, name in enumerate(("T1", "F1", "F2")):
        frame = Frame(cv2.imread(str(SAMPLES / f"image_{name}.jpg")), 0.0)
        (found,) = detect(frame)
        face = TrackedFace(frame, found.faces[0], track, Quality(1, 1, 1, 1), found.use)
        (checked,) = stage(AlignedFace(face, a_picture(112, 112)))
        verdicts[name] = (type(checked), checked.liveness.verdict)
    spoof = (RefusedFace, Verdict.SPOOF)
    assert verdicts == {"T1": (CheckedFace, Verdict.LIVE), "F1": spoof, "F2": spoof}


def test_a_veracity_model_takes_the_same_seat(face_models):
    """Its score is averaged with the others'."""
    catalogue = Catalogue(ModelsConfig(path=face_models))
    (alone,) = check(catalogue.load("veracity"), allow=("live", "unsure", "spoof"))(aligned())
    (both,) = check(catalogue.load("veracity"), Says(1.0), allow=("live", "unsure", "spoof"))(aligned())
    assert both.liveness.score == pytest.approx((alone.liveness.score + 1) / 2, abs=1e-5)


def test_models_and_frames_are_averaged():
    """Over the models, then over the last looks at the track: one bad frame is not a spoof."""
    seen = looks(check(Says(1.0, 1.0, 0.0, 1.0), Says(0.8), frames=3), 6)
    assert [item.liveness.frames for item in seen] == [1, 2, 3, 3, 3, 3]
    assert [item.liveness.score for item in seen] == pytest.approx([0.9, 0.9, 2.2 / 3, 2.2 / 3, 2.2 / 3, 0.9])


def test_only_allowed_verdicts_may_be_embedded():
    """What is refused says why, and which model said so."""
    for allow in (("live",), ("live", "unsure"), ("live", "unsure", "spoof")):
        kinds = [type(looks(check(Says(score), allow=allow), 1)[0]) for score in (0.9, 0.4, 0.1)]
        assert kinds == [CheckedFace] * len(allow) + [RefusedFace] * (3 - len(allow))
    (refused,) = looks(check(Says(0.1)), 1)
    assert (refused.liveness.verdict, refused.use) == (Verdict.SPOOF, USE)


def test_each_track_is_judged_by_itself_and_afresh_after_a_while():
    """Neither another face, nor one forgotten, nor one before the stream stopped, counts."""
    stage = check(Says(0.0, 1.0), forget_s=5.0)
    looks(stage, 1, track=1)
    assert looks(stage, 1, track=2)[0].liveness.score == 1
    assert looks(stage, 1, track=1, first_s=4.9)[0].liveness.frames == 2
    looks(stage, 1, track=3, first_s=10.0)
    assert looks(stage, 1, track=1, first_s=10.1)[0].liveness.frames == 1
    assert list(stage.finish()) == []
    assert looks(stage, 1, track=1, first_s=10.2)[0].liveness.frames == 1


def test_memory_is_bounded():
    """Thousands of tracks at once: the oldest are forgotten."""
    stage = check(Says(1.0))
    for track in range(2 * MAX_TRACKS):
        list(stage(aligned(0.0, track)))
    assert len(stage._seen) == MAX_TRACKS


def test_when_off_everybody_passes_unjudged():
    """No model is needed, none is asked, and nothing is claimed."""
    config = LivenessConfig(enabled=False)
    assert config.models_in_use == ()
    (passed,) = CheckLiveness(config, [])(aligned())
    assert (type(passed), passed.liveness) == (CheckedFace, None)


def test_a_model_that_cannot_judge_is_refused(face_models):
    """A detector has no label `real`."""
    with pytest.raises(ModelError, match="must have the label real"):
        check(Catalogue(ModelsConfig(path=face_models)).load("face_blaze_front"))


def test_levels_the_wrong_way_round_are_refused():
    """A spoof cannot be more alive than the living."""
    with pytest.raises(ValidationError, match="must not be above live"):
        LivenessConfig(live=0.3, spoof=0.6)


def test_the_model_is_shown_the_surroundings():
    """The crop that its card asks for, levels as they are or as the card scales them."""
    whole, scaled = Says(1.0), Says(1.0, scale=255)
    looks(check(whole, scaled), 1)
    assert whole.shown.shape == (1, 80, 80, 3)
    assert whole.shown.max() > 100
    assert scaled.shown * 255 == pytest.approx(whole.shown, abs=1e-3)


def test_each_model_is_shown_what_it_asks_for():
    """More and less of the surroundings; the same where the face leaves no room for more."""
    near, far = Says(1.0, crop=2.7), Says(1.0, crop=4.0)
    stage = check(near, far)
    list(stage(aligned(face=a_face(300, 200, 60))))
    assert (near.shown != far.shown).any()
    list(stage(aligned(face=a_face(200, 100, 300))))
    assert (near.shown == far.shown).all()


@given(boxes, st.floats(1, 6))
def test_surroundings_are_inside_the_frame_and_of_the_boxs_shape(box, factor):
    """As large as asked where there is room, never larger."""
    face = upright(box)
    around = surroundings(face, factor, 640, 480)
    assert -1e-6 <= around.left <= around.right <= 640 + 1e-6
    assert -1e-6 <= around.top <= around.bottom <= 480 + 1e-6
    assert around.width <= face.width * factor + 1e-6
    assert around.width * face.height == pytest.approx(around.height * face.width, rel=1e-6)


@given(boxes)
def test_an_upright_box_holds_the_face_and_has_the_shape_that_the_models_know(box):
    """No part of the face is lost, and no side grows that is long enough."""
    face = upright(box)
    assert face.left <= box.left <= box.right <= face.right
    assert face.top <= box.top <= box.bottom <= face.bottom
    assert face.height == pytest.approx(1.25 * face.width, rel=1e-6)
    assert face.width == pytest.approx(box.width) or face.height == pytest.approx(box.height)


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=5))
def test_scores_are_shares(values):
    """One label: the score as it is, held to [0, 1]; several: softmax, which sums to 1."""
    logits = np.array(values, np.float32)
    scores = [score_of(logits, label) for label in range(len(values))]
    assert all(0 <= score <= 1 for score in scores)
    assert len(values) == 1 or sum(scores) == pytest.approx(1, abs=1e-4)
