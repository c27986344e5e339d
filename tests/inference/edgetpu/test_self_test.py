"""The self-test: rounding is allowed, a lie is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.inference.edgetpu.self_test import MEAN_STEPS, MOST_STEPS, difference, known_inputs
from edged.inference.files.card import Card


def card(dtype="int8"):
    tensor = {"name": "x", "shape": [1, 8], "dtype": dtype, "scale": 0.1, "zero_point": 0}
    return Card(
        name="m",
        version="1",
        task="t",
        files={},
        inputs=(tensor,),
        outputs=(tensor,),
        labels=(),
        licence="l",
        source="s",
    )


@given(
    st.lists(st.integers(-127 + 2, 127 - 2), min_size=8, max_size=8),
    st.lists(st.integers(-2, 2), min_size=8, max_size=8),
)
def test_rounding_is_allowed(values, errors):
    """Two kernels differ by a step or two."""
    right = np.array([values], np.int8)
    assert difference(card(), [right], [right + np.array([errors], np.int8)]) is None


@pytest.mark.parametrize("wrong", [np.full((1, 8), 10, np.int8), np.array([[0] * 7 + [100]], np.int8)])
def test_a_lie_is_told_with_its_size(wrong):
    """Everything a little wrong, or one thing very wrong."""
    assert f"{MEAN_STEPS:g} and {MOST_STEPS:g} are allowed" in difference(card(), [np.zeros((1, 8), np.int8)], [wrong])


def test_float_outputs_are_compared_by_their_range():
    """A 255th of it is a step; what is not a number is a lie."""
    right = np.linspace(0, 1, 8, dtype=np.float32)[None]
    assert difference(card("float32"), [right], [right + 0.004]) is None
    assert difference(card("float32"), [right], [right[:, ::-1]])
    assert difference(card("float32"), [right], [right * np.nan])


def test_extremes_do_not_wrap_round():
    """127 and -128 are far apart, in int8 too."""
    assert difference(card(), [np.full((1, 8), 127, np.int8)], [np.full((1, 8), -128, np.int8)])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "float32"])
def test_known_inputs_are_the_same_each_time_and_fit_the_card(dtype):
    """A difference between two runs is the device's."""
    for first, second in zip(known_inputs(card(dtype)), known_inputs(card(dtype)), strict=True):
        np.testing.assert_array_equal(first[0], second[0])
        assert first[0].shape == (1, 8)
        assert first[0].dtype == dtype
