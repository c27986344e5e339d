"""Merging: each object once, whichever looks saw it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.messages.vision import Box
from edged.object_decoders import Found, merge
from edged.object_decoders.looks import cut_off, share_in
from edged.vision import iou

WHOLE, PART = Box(0, 0, 1000, 500), Box(500, 0, 800, 300)
NONE = Found(np.empty((0, 4), np.float32), np.empty(0, np.intp), np.empty(0, np.float32))


def found(*objects: tuple[tuple[float, float, float, float], int, float]) -> Found:
    boxes, classes, scores = zip(*objects, strict=True)
    return Found(np.array(boxes, np.float32), np.array(classes, np.intp), np.array(scores, np.float32))


def test_what_two_looks_saw_is_one_object():
    """The surer one."""
    small = (550.0, 50.0, 600.0, 100.0)
    one = merge([found((small, 0, 0.4)), found(((552.0, 50.0, 600.0, 101.0), 0, 0.9))], [WHOLE, PART], 0.5)
    assert one.scores.tolist() == [np.float32(0.9)]


def test_what_one_look_saw_alone_stays():
    """That is what it was for; of two labels at one place one is left, at two places both."""
    far, near = ((550.0, 50.0, 600.0, 100.0), 0, 0.8), ((10.0, 50.0, 200.0, 400.0), 0, 0.7)
    assert len(merge([found(near), found(far)], [WHOLE, PART], 0.5).scores) == 2
    assert len(merge([NONE, found(far)], [WHOLE, PART], 0.5).scores) == 1
    assert len(merge([NONE, NONE], [WHOLE, PART], 0.5).scores) == 0
    truck = ((11.0, 50.0, 200.0, 400.0), 1, 0.6)
    assert merge([found(near, truck)], [WHOLE], 0.5).classes.tolist() == [0]
    rider = ((10.0, 50.0, 150.0, 350.0), 1, 0.6)
    assert merge([found(near, rider)], [WHOLE], 0.5).classes.tolist() == [0, 1]


def test_an_object_that_a_part_cuts_off_is_not_seen_twice():
    """Half a car at the part's edge is the car in the whole picture; alone it is better than none."""
    car = ((400.0, 100.0, 700.0, 250.0), 2, 0.6)
    half = ((500.0, 100.0, 700.0, 250.0), 2, 0.9)
    assert merge([found(car), found(half)], [WHOLE, PART], 0.5).scores.tolist() == [np.float32(0.6)]
    assert merge([NONE, found(half)], [WHOLE, PART], 0.5).scores.tolist() == [np.float32(0.9)]
    other = ((640.0, 110.0, 700.0, 200.0), 2, 0.9)
    assert len(merge([found(car), found(other)], [WHOLE, PART], 0.5).scores) == 2
    at_the_top = np.array([[550, 0, 600, 100]], np.float32)  # the frame's own edge cuts nothing that others see
    assert not cut_off(at_the_top, PART, WHOLE).any()


def test_half_a_person_in_a_person_is_nobody_else():
    """As this detector says of who leans; a child before a parent stays."""
    leaning, upright = ((437.0, 36.0, 697.0, 378.0), 0, 0.59), ((557.0, 47.0, 682.0, 354.0), 0, 0.56)
    assert len(merge([found(leaning, upright)], [WHOLE], 0.5).scores) == 1
    child = ((557.0, 200.0, 620.0, 378.0), 0, 0.5)
    assert len(merge([found(leaning, child)], [WHOLE], 0.5).scores) == 2


boxes = st.tuples(*[st.floats(0, 400, width=32)] * 2, *[st.floats(1, 500, width=32)] * 2).map(
    lambda it: (it[0], it[1], min(it[0] + it[2], 1000.0), min(it[1] + it[3], 500.0))
)
objects = st.lists(st.tuples(boxes, st.integers(0, 3), st.floats(0.0625, 1, width=32)), min_size=1, max_size=12)


@settings(max_examples=30)
@given(objects, st.floats(0.2, 0.8))
def test_of_any_boxes_the_surest_stays_and_no_two_of_a_label_are_alike(told, overlap):
    """In the order of their scores; nothing is made up."""
    given_boxes, left = found(*told), merge([found(*told)], [WHOLE], overlap)
    assert left.scores.max() == given_boxes.scores.max()
    assert (np.diff(left.scores) <= 0).all()
    alike = (left.classes[:, None] == left.classes) & ~np.eye(len(left.classes), dtype=bool)
    assert not (iou(left.boxes, left.boxes)[alike] > overlap + 1e-3).any()
    assert {tuple(box) for box in left.boxes.tolist()} <= {tuple(box) for box in given_boxes.boxes.tolist()}


@settings(max_examples=30)
@given(objects)
def test_shares_are_shares(told):
    """Each box lies in itself; none lies more than wholly in another."""
    share = share_in(found(*told).boxes, found(*told).boxes)
    assert np.allclose(np.diag(share), 1, atol=1e-3)
    assert (share >= 0).all()
    assert (share <= 1.001).all()
