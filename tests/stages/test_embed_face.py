"""EmbedFace and MatchFace: an aligned face in, a unit vector and the nearest people out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.files.card import Tensor
from edged.messages.vision import Candidate, CheckedFace, EmbeddedFace
from edged.stages.embed_face import EmbedFace, as_input, unit
from edged.stages.match_face import MatchFace
from tests.faces import USE, a_picture, aligned, an_embedding


def tensor(**changes):
    return Tensor(**{"name": "rgb", "shape": (1, 112, 112, 3), "dtype": "uint8", "scale": 1.0, **changes})


def test_an_embedding_has_the_length_one_and_stays_with_its_face(face_models):
    """128 float32, named after the model that made it; the same face gives the same, another picture another."""
    stage = EmbedFace(Catalogue(ModelsConfig(path=face_models)).load("face_embedding"))
    face = CheckedFace(aligned(), None)
    (embedded,) = stage(face)
    assert (embedded.embedding.shape, embedded.embedding.dtype) == ((128,), np.float32)
    assert np.linalg.norm(embedded.embedding) == pytest.approx(1, abs=1e-5)
    assert (embedded.checked, embedded.use.name) == (face, "face_embedding")
    assert stage.embed(face.aligned.picture) @ embedded.embedding == pytest.approx(1, abs=1e-5)
    assert stage.embed(a_picture(112, 112, seed=1)) @ embedded.embedding < 0.99


def test_a_model_that_does_not_embed_faces_is_refused(face_models):
    """A detector has no output `embedding`; the sound model has one, and is not for faces."""
    with pytest.raises(ModelError, match="has no output 'embedding'"):
        EmbedFace(Catalogue(ModelsConfig(path=face_models)).load("face_blaze_front"))
    with pytest.raises(ModelError, match="must be face-embedding"):
        EmbedFace(Catalogue(ModelsConfig()).load("drone_sound"))


def test_the_model_gets_red_first_in_its_own_type():
    """Blue, green, red turn round; integers with another zero point mean the same levels."""
    picture = a_picture(112, 112).copy()
    picture[0, 0] = (1, 2, 250)
    assert as_input(picture, tensor())[0, 0, 0].tolist() == [250, 2, 1]
    assert as_input(picture, tensor(dtype="int8", zero_point=-128))[0, 0, 0].tolist() == [122, -126, -127]
    assert as_input(picture, tensor(dtype="float32", scale=0.0))[0, 0, 0].tolist() == [250.0, 2.0, 1.0]


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=200))
def test_unit_gives_the_direction(values):
    """Of length 1, whatever the length was; nothing stays nothing."""
    vector = np.array(values, np.float32)
    length = np.linalg.norm(unit(vector).astype(np.float64))
    assert length == pytest.approx(1, abs=1e-3) or (length == 0 and np.linalg.norm(vector) == 0)


def test_the_nearest_people_are_put_beside_the_face():
    """As the search gives them; it is asked with the face's embedding."""
    asked = []
    nearest = (Candidate("ana", "Ana", 0.7),)

    def search(embedding):
        asked.append(embedding)
        return nearest

    face = EmbeddedFace(CheckedFace(aligned(), None), an_embedding(1), USE)
    (matched,) = MatchFace(search)(face)
    assert (matched.embedded, matched.nearest) == (face, nearest)
    assert asked[0] is face.embedding
