"""What the tests of the gallery share."""

import pytest

from tests.gallery.faces import Clock, open_gallery


@pytest.fixture
def folder(tmp_path):
    """Where a gallery may be."""
    return tmp_path / "faces"


@pytest.fixture
def clock():
    """Unix time, ours."""
    return Clock()


@pytest.fixture
def gallery(folder, clock):
    """An empty one, which keeps crops."""
    opened = open_gallery(folder, clock, keep_crops=True)
    yield opened
    opened.close()
