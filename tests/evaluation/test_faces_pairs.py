"""The protocol of pairs: what its file says, and what is made of pictures that are not there."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.evaluation.faces_pairs import PairsError, evaluate_pairs, read_pairs

TWO_FOLDS = """2 2
ana 1 2
cy 1 2
ana 1 bo 1
ana 2 cy 1
bo 1 2
cy 1 2
bo 2 cy 1
ana 1 bo 1
"""


def write(folder, text, *pictures):
    (folder / "pairs.txt").write_text(text, encoding="utf-8")
    for name in pictures:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    return folder / "pairs.txt"


def look(path):
    """Ana, Bo and Cy are as different as can be; a second picture of Bo shows nobody."""
    if path.stem == "bo_0002":
        return None
    return np.eye(3, dtype=np.float32)[["ana", "bo", "cy"].index(path.parent.name)]


ALL = [f"{name}/{name}_000{number}.jpg" for name in ("ana", "bo", "cy") for number in (1, 2)]


def test_a_line_of_three_is_one_person_and_a_line_of_four_two(tmp_path):
    """In folds of as many lines as the first says."""
    pairs = read_pairs(write(tmp_path, TWO_FOLDS), tmp_path)
    assert [(pair.same, pair.fold) for pair in pairs] == [
        (same, fold) for fold in (0, 1) for same in (True, True, False, False)
    ]
    assert pairs[6].one == tmp_path / "bo/bo_0002.jpg"
    assert pairs[6].other == tmp_path / "cy/cy_0001.jpg"


def test_a_picture_without_a_face_is_like_no_other(tmp_path):
    """The pair of Bo is missed, and that no face was found is told."""
    found = evaluate_pairs(look, write(tmp_path, TWO_FOLDS, *ALL), tmp_path)
    assert (found["n"], found["missing"], found["accuracy"]) == (8, 0, 0.875)
    assert found["detection_rate"] == pytest.approx(5 / 6)


def test_pairs_without_their_pictures_are_left_out_and_counted(tmp_path):
    """Nothing is claimed of them; with too few left there are no figures."""
    text = TWO_FOLDS.replace("bo 2 cy 1", "bo 1 zoe 1").replace("bo 1 2", "cy 1 2")
    found = evaluate_pairs(look, write(tmp_path, text, *ALL), tmp_path)
    assert (found["n"], found["missing"], found["accuracy"]) == (7, 1, 1.0)
    with pytest.raises(PairsError, match=r"pairs.txt: 0 of 8 pairs have their pictures"):
        evaluate_pairs(look, write(tmp_path, TWO_FOLDS), tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "pairs.txt:1: must be the number of folds"),
        ("1 1\nana 1 2\nana 1 bo 1\n", "pairs.txt:1: must be"),
        ("2 1\nana 1 2\n", "1 pairs, must be 4"),
        (TWO_FOLDS.replace("ana 1 2", "ana one 2"), "pairs.txt:2: 'ana one 2', must be"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, message):
    """With what it must be."""
    with pytest.raises(PairsError, match=message):
        read_pairs(write(tmp_path, text), tmp_path)


@given(st.text(max_size=80))
def test_any_text_is_pairs_or_one_clear_error(tmp_path_factory, text):
    """Nothing else is raised."""
    folder = tmp_path_factory.mktemp("any")
    with suppress(PairsError):
        read_pairs(write(folder, text), folder)
