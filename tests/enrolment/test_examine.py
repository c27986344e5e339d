"""Which face of a picture counts, and what is wrong with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.enrolment.config import EnrolmentConfig
from edged.enrolment.examine import Reason, fault_of, main_face, turn_of
from edged.enrolment.likeness import agreement, centre, disagreeing, nearest
from edged.messages.vision import Box, Face, Quality
from tests.enrolment.box import face, sample

POINTS = {"right_eye": (30.0, 50.0), "left_eye": (70.0, 50.0), "nose": (50.0, 70.0)}


def face_of(side):
    return Face(Box(0, 0, side, side), 0.9, {})


def test_the_one_face_counts():
    """None is no face."""
    assert main_face((face_of(10),), 2.0) == face_of(10)
    assert main_face((), 2.0) is Reason.NO_FACE


def test_of_several_faces_one_that_is_clearly_larger_counts():
    """Twice the area, whatever the order; else there are several."""
    assert main_face((face_of(10), face_of(15)), 2.0) == face_of(15)
    assert main_face((face_of(10), face_of(14)), 2.0) is Reason.SEVERAL
    assert main_face((face_of(10), face_of(10)), 1.0) == face_of(10)


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (Quality(1, 1, 1, 1), None),
        (Quality(0.1, 1, 1, 1), Reason.SMALL),
        (Quality(1, 0.1, 1, 1), Reason.BLURRED),
        (Quality(1, 1, 0.1, 1), Reason.TURNED),
        (Quality(1, 1, 1, 0.1), Reason.DARK),
        (Quality(0.1, 0.1, 0.1, 0.1), Reason.SMALL),
    ],
)
def test_the_first_fault_of_a_face_is_named(quality, reason):
    """By what can be mended most easily."""
    assert fault_of(quality, EnrolmentConfig()) is reason


@given(st.floats(-3.1, 3.1), st.floats(0.1, 10), st.floats(-1, 1))
def test_turn_is_where_the_nose_is_between_the_eyes(angle, scale, turn):
    """However the head is tilted and how large it is; 0 without keypoints."""
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = {**POINTS, "nose": (50.0 + 20 * turn, 65.0)}
    turned = {name: tuple((rotation @ point).tolist()) for name, point in points.items()}
    assert turn_of(turned) == pytest.approx(turn, abs=1e-6)
    assert turn_of({}) == 0.0


def test_samples_unlike_the_others_are_found():
    """One alone has nobody to disagree with."""
    samples = [sample(1, 0), sample(1, 1), sample(1, 2), sample(2, 3)]
    assert [one.at_s for one, _ in disagreeing(samples, 0.25)] == [1003.0]
    assert disagreeing(samples[:1], 1.0) == []
    assert agreement(samples[0], samples[1:3]) > 0.8


def test_the_nearest_people_come_first_each_once():
    """By their most similar sample; nobody below the least."""
    enrolled = np.array([face(1), face(2), face(1, 5)])
    found = nearest(centre([sample(1, 8), sample(1, 9)]), enrolled, ["a", "b", "a"], 0.5)
    assert [person for person, _ in found] == ["a"]
    assert nearest(face(1), np.zeros((0, 0), np.float32), [], 0.0) == []
