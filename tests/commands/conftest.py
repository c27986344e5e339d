import pytest

from tests.commands.box import EVERYTHING, DeskBox


@pytest.fixture
def box(tmp_path):
    """Where everything is allowed."""
    box = DeskBox(tmp_path, **EVERYTHING)
    yield box
    box.desk.stop(5)


@pytest.fixture
def cautious(tmp_path):
    """A box as it comes."""
    box = DeskBox(tmp_path)
    yield box
    box.desk.stop(5)
