"""Which face a picture is of."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edged.evaluation.faces_still import main_face
from edged.messages.vision import Box, Face

PICTURE = np.zeros((250, 250, 3), np.uint8)


def face(left, top, side):
    return Face(Box(left, top, left + side, top + side), 0.9, {})


def test_a_picture_is_of_the_largest_face():
    """Whichever the detector was surer of."""
    large, small = face(60, 60, 120), face(110, 110, 30)
    assert main_face((small, large), PICTURE) is large


def test_a_face_in_the_middle_counts_more_than_one_at_the_edge():
    """Which may be a little larger: somebody who stands beside."""
    middle, beside = face(80, 80, 90), face(-20, 80, 95)
    assert main_face((beside, middle), PICTURE) is middle


@given(st.lists(st.tuples(*[st.integers(1, 240)] * 3), min_size=1, max_size=5), st.randoms())
def test_the_order_of_the_faces_does_not_matter(places, random):
    """Among faces that differ in prominence; and it is always one of them."""
    faces = [face(*place) for place in set(places)]
    chosen = main_face(faces, PICTURE)
    shuffled = random.sample(faces, len(faces))
    other = main_face(shuffled, PICTURE)
    assert chosen in faces
    assert chosen == other or prominence(chosen) == prominence(other)


def prominence(one):
    across, down = one.box.left + one.box.right - 250, one.box.top + one.box.bottom - 250
    return one.box.area - (across * across + down * down) / 2
