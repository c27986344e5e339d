"""AlignFace: a face lands on the embedder's template, however it was turned, and by whichever keypoints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.files.card import Card, Tensor
from edged.messages.event import ModelUse
from edged.messages.vision import AlignedFace, Box, Face, Frame, Glimpse, Quality, TrackedFace
from edged.stages.align_face import TEMPLATE, AlignFace, align, template_for

USE = ModelUse("face_ssd_slim", "0" * 64, "cpu")
DOT_PX = 3


def embedder(side: int = 112, **parameters: object) -> Card:
    """A card as of `face_embedding` when it is built."""
    card = Catalogue(ModelsConfig()).available()["face_embedding"]
    shape = Tensor(name="rgb", shape=(1, side, side, 3), dtype="uint8")
    return card.model_copy(update={"inputs": (shape,), "parameters": parameters})


def tracked(picture: np.ndarray, keypoints: dict[str, tuple[float, float]]) -> TrackedFace:
    face = Face(Box(0, 0, 10, 10), 0.9, keypoints)
    return TrackedFace(Frame(picture, 2.0, 1e9), face, 7, Quality(1, 1, 1, 1), USE)


def moved(turn: float, scale: float, shift: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """The template's points elsewhere in a frame."""
    middle = np.array([56, 56])
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * scale
    return {name: tuple((turned @ (np.array(point) - middle) + shift).tolist()) for name, point in TEMPLATE.items()}


def dotted(keypoints: dict[str, tuple[float, float]], dot_px: int) -> np.ndarray:
    """A black frame with a white square round each keypoint."""
    picture = np.zeros((600, 800, 3), np.uint8)
    for x, y in keypoints.values():
        picture[round(y) - dot_px : round(y) + dot_px, round(x) - dot_px : round(x) + dot_px] = 255
    return picture


@given(
    st.floats(-np.pi, np.pi), st.floats(0.5, 3), st.tuples(st.floats(200, 600), st.floats(200, 400)), st.integers(2, 4)
)
def test_eyes_nose_and_mouth_land_on_the_template(turn, scale, shift, count):
    """From any place, size and turn, by two to four keypoints; to within a pixel and the half that the dots are off."""
    everywhere = moved(turn, scale, shift)
    known = dict(list(everywhere.items())[:count])
    template, size = template_for(embedder())
    aligned = align(dotted(everywhere, round(DOT_PX * scale)), known, template, size)
    assert aligned.shape == (112, 112, 3)
    for name, (x, y) in TEMPLATE.items():
        assert aligned[round(y - 0.5), round(x - 0.5)].min() > 100, name


def test_the_template_follows_the_embedder():
    """Scaled to the side of its input; or as its card says."""
    template, size = template_for(embedder(224))
    assert size == (224, 224)
    assert template["nose"] == pytest.approx((112.0504, 143.4732))
    own = {"right_eye": [30, 40], "left_eye": [82, 40]}
    assert template_for(embedder(112, template=own))[0] == {"right_eye": (30.0, 40.0), "left_eye": (82.0, 40.0)}


def test_an_aligned_face_brings_what_it_was_made_of():
    """The tracked face goes with it, and the frame stays as it was."""
    picture = dotted(TEMPLATE, DOT_PX)
    before = picture.copy()
    item = tracked(picture, dict(TEMPLATE))
    (aligned,) = AlignFace(embedder())(item)
    assert isinstance(aligned, AlignedFace)
    assert aligned.tracked is item
    assert np.array_equal(aligned.picture, picture[:112, :112])
    assert np.array_equal(picture, before)


def test_a_face_whose_keypoints_nobody_sees_is_a_glimpse():
    """The track goes on; nothing is embedded."""
    item = tracked(np.zeros((9, 9, 3), np.uint8), {})
    assert list(AlignFace(embedder())(item)) == [Glimpse(7, 2.0, 1e9)]
